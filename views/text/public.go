package text

import (
	"slices"
	"strings"
)

// publicParts are the texts that users see: in the widget and its script, in mails, on the page that continues a chat, in transcripts, in
// answers of the interface for users, and on pages that show an error to anyone. A part is a key, or the beginning of keys if it ends in
// a full stop. Every language has these texts; the others are of the staff and exist in English and Chinese.
var publicParts = []string{
	"ui.cancel",
	"ui.close",
	"ui.dismiss",
	"ui.live.",
	"ui.more",
	"ui.no_connection",
	"ui.notices",
	"ui.size.",
	"ui.skip_to_content",
	"ui.time.",
	"ui.today",
	"ui.went_wrong",
	"ui.yesterday",
	"ui.you",

	"chat.",
	"continue.",
	"emoji.",
	"leave.",
	"mail.",
	"question.",
	"transcript.",
	"widget.",

	"system.brought",
	"system.goes_on",
	"system.handed_over",
	"system.idle_warning",
	"system.joined",
	"system.joined_at_once",
	"system.message_left",
	"system.message_live",
	"system.place",
	"system.place_unknown",
	"system.requeued",
	"system.returned",
	"system.supervisor_joined",
	"system.supervisor_left",
	"system.transferred",

	"done.all_busy",
	"done.answered",
	"done.delivered",
	"done.ended",
	"done.left_queue",
	"done.message_left",
	"done.nobody_online",
	"done.rated",
	"done.read",
	"done.somebody_online",
	"done.transcript_mailed",

	"error.already_rated",
	"error.back",
	"error.chat_ended",
	"error.chat_not_ended",
	"error.chat_not_found",
	"error.chat_not_waiting",
	"error.continue_link_expired",
	"error.continue_link_invalid",
	"error.cross_origin",
	"error.csrf_failed",
	"error.database_schema_mismatch",
	"error.database_unavailable",
	"error.department_not_found",
	"error.edit_period_over",
	"error.editing_off",
	"error.file_expired",
	"error.file_not_found",
	"error.files_unavailable",
	"error.identity_required",
	"error.identity_verified",
	"error.internal_error",
	"error.link_expired",
	"error.link_invalid",
	"error.mail_not_configured",
	"error.malformed",
	"error.message_has_file",
	"error.message_not_found",
	"error.message_withdrawn",
	"error.meta_description",
	"error.method_not_allowed",
	"error.newer_message",
	"error.not_found",
	"error.not_in_queue",
	"error.not_your_message",
	"error.nothing_to_send",
	"error.question_not_found",
	"error.rate_limited",
	"error.rating_reason_not_found",
	"error.request",
	"error.request_timeout",
	"error.timeout",
	"error.title",
	"error.too_large",
	"error.too_many_transcripts",
	"error.unauthorized",
	"error.upload_too_slow",
	"error.uploads_busy",
	"error.user_not_found",
	"error.validation_failed",
	"error.wrong_credential",
}

// staffParts are the exceptions from publicParts.
var staffParts = []string{
	"chat.changed.before", "chat.changed.edited_after_read", "chat.changed.withdrawn_after_read", "chat.mail.", "chat.note", "chat.whisper",
	"mail.reason.",
}

// IsPublic reports whether users see the text of a key, so that every language has it.
func IsPublic(key string) bool { return isOneOf(publicParts, key) && !isOneOf(staffParts, key) }

func isOneOf(parts []string, key string) bool {
	return slices.ContainsFunc(parts, func(part string) bool {
		return key == part || strings.HasSuffix(part, ".") && strings.HasPrefix(key, part)
	})
}
