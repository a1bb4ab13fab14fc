package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"parley/models"
	"parley/views/text"
)

// Audience is who reads the text of a system message. The catalogue has a wording for each.
type Audience int

const (
	// ForPrograms is the wording of the JSON interface and of transcripts.
	ForPrograms Audience = iota
	// ForUser addresses the user of the widget and calls agents by their short names.
	ForUser
	// ForAgent is the wording of the workbench.
	ForAgent

	audiences
)

// systemKeys has the catalogue key of each kind of system message for each audience.
var systemKeys = map[string][audiences]string{
	models.SystemJoined:      {"system.joined", "widget.joined", "workbench.said.joined"},
	models.SystemReturned:    {"system.returned", "widget.you_returned", "workbench.said.returned"},
	models.SystemRequeued:    {"system.requeued", "widget.you_requeued", "workbench.said.requeued"},
	models.SystemTransferred: {"system.transferred", "widget.transferred", "workbench.said.transferred"},
	models.SystemIdleWarning: {"system.idle_warning", "widget.idle.line", "workbench.said.idle_warning"},
	models.SystemBrought:     {"system.brought", "widget.brought", "workbench.said.brought"},
	models.SystemGoesOn:      {"system.goes_on", "widget.goes_on", "workbench.said.goes_on"},

	models.SystemHandedOver:  {"system.handed_over", "widget.handed_over", "workbench.said.handed_over"},
	models.SystemMessageLeft: {"system.message_left", "widget.message_left", "workbench.said.message_left"},
	models.SystemMessageLive: {"system.message_live", "widget.message_live", "workbench.said.message_live"},

	models.SystemSupervisorJoined: {"system.supervisor_joined", "widget.supervisor_joined", "workbench.said.supervisor_joined"},
	models.SystemSupervisorLeft:   {"system.supervisor_left", "widget.supervisor_left", "workbench.said.supervisor_left"},

	// Users do not get these.
	models.SystemOfferDeclined:    {"system.offer_declined", "system.offer_declined", "workbench.said.offer_declined"},
	models.SystemOfferDeclinedWhy: {"system.offer_declined_why", "system.offer_declined_why", "workbench.said.offer_declined_why"},
	models.SystemOfferExpired:     {"system.offer_expired", "system.offer_expired", "workbench.said.offer_expired"},
	models.SystemOfferUnavailable: {"system.offer_unavailable", "system.offer_unavailable", "workbench.said.offer_unavailable"},
	models.SystemPersonAsked:      {"system.person_asked", "system.person_asked", "system.person_asked"},
	models.SystemBotSilent:        {"system.bot_silent", "system.bot_silent", "system.bot_silent"},
	models.SystemBotGone:          {"system.bot_gone", "system.bot_gone", "system.bot_gone"},
	models.SystemMailFollows:      {"system.mail_follows", "system.mail_follows", "system.mail_follows"},
	models.SystemAskedAgain:       {"system.asked_again", "system.asked_again", "system.asked_again"},
	models.SystemMailAutomatic:    {"system.mail_automatic", "system.mail_automatic", "system.mail_automatic"},
	models.SystemMailBounced:      {"system.mail_bounced", "system.mail_bounced", "system.mail_bounced"},
	models.SystemMailRefused:      {"system.mail_files_refused", "system.mail_files_refused", "system.mail_files_refused"},
	models.SystemMailEmpty:        {"system.mail_empty", "system.mail_empty", "system.mail_empty"},
}

// joinedAtOnce has the keys of SystemJoined for a wait that is not worth naming.
var joinedAtOnce = [audiences]string{"system.joined_at_once", "widget.joined_at_once", "workbench.said.joined_at_once"}

// shortWait is how long a user has to wait before the wait is named.
const shortWait = 5 * time.Second

// MessageText returns the text of a message in the language of ctx. A message that a person or a bot wrote, and a system message of an
// unknown kind, is returned as it is stored; programs get quick replies as numbered lines below it.
func MessageText(ctx context.Context, m *models.Message, audience Audience) string {
	if m.SystemKind == nil {
		if audience == ForPrograms {
			return m.ContentWithReplies()
		}
		return m.Content
	}
	keys, ok := systemKeys[*m.SystemKind]
	if !ok {
		return m.Content
	}
	key := keys[audience]
	name := func(arg string) string {
		if audience == ForUser {
			return ShortName(m.SystemArgs[arg])
		}
		return m.SystemArgs[arg]
	}
	switch *m.SystemKind {
	case models.SystemJoined:
		wait := argSeconds(m, "wait_seconds")
		if wait < shortWait {
			return text.T(ctx, joinedAtOnce[audience], "Name", name("agent"))
		}
		return text.T(ctx, key, "Name", name("agent"), "Time", text.Spoken(ctx, wait))
	case models.SystemTransferred:
		return text.T(ctx, key, "Name", name("from"), "Other", name("to"))
	case models.SystemMessageLeft:
		return text.T(ctx, key, "Email", m.SystemArgs["email"])
	case models.SystemOfferDeclinedWhy:
		return text.T(ctx, key, "Name", name("agent"), "Reason", m.SystemArgs["reason"])
	case models.SystemMailAutomatic:
		return text.T(ctx, key, "Subject", m.SystemArgs["subject"])
	case models.SystemMailBounced:
		return text.T(ctx, key, "Email", m.SystemArgs["email"], "Reason", m.SystemArgs["reason"])
	case models.SystemMailRefused:
		return text.T(ctx, key, "Names", m.SystemArgs["names"], "Reason", text.T(ctx, "system.mail_reason."+m.SystemArgs["reason"]))
	case models.SystemIdleWarning:
		return text.T(ctx, key, "Time", text.Spoken(ctx, argSeconds(m, "seconds")))
	case models.SystemGoesOn:
		if audience == ForAgent && m.SystemArgs["agent"] != "" {
			return text.T(ctx, "workbench.said.goes_on_with", "Name", name("agent"))
		}
	}
	return text.T(ctx, key, "Name", name("agent"))
}

// argSeconds returns a duration among the arguments of a system message, 0 if it is missing or malformed.
func argSeconds(m *models.Message, arg string) time.Duration {
	n, _ := strconv.Atoi(m.SystemArgs[arg])
	return time.Duration(n) * time.Second
}

// ShortName returns the name that users see of an agent, and agents of a user: the first name if others follow it, otherwise all of it.
// A name with digits, such as "Guest 4711", is not shortened.
func ShortName(name string) string {
	first, rest, more := strings.Cut(name, " ")
	if !more || models.IsBlank(first) || rest == "" || strings.ContainsAny(rest, "0123456789") {
		return name
	}
	return first
}
