package present

import (
	"context"

	"parley/views/text"
	"parley/web/api"
)

// FieldError returns the text for a refused form field. Some fields have a text of their own; for the others the code decides.
func FieldError(ctx context.Context, field, code string) string {
	switch {
	case field == "choices":
		return text.T(ctx, "admin.error.choices")
	case field == "link" && code == "invalid":
		return text.T(ctx, "admin.error.link")
	case field == "privacy_url" && code == "invalid":
		return text.T(ctx, "admin.error.link")
	case field == "text" && code == "placeholder":
		return text.T(ctx, "admin.error.placeholder")
	case field == "colour" && code == "contrast":
		return text.T(ctx, "admin.error.contrast")
	case field == "colour":
		return text.T(ctx, "admin.error.colour")
	case field == "topics" && code == "too_many":
		return text.T(ctx, "admin.error.topics")
	case field == "url" && code == "invalid":
		return text.T(ctx, "admin.error.webhook_url")
	case field == "headers":
		return text.T(ctx, "admin.error.webhook_headers")
	case field == "from" && code == "invalid":
		return text.T(ctx, "admin.error.period")
	case field == "networks":
		return text.T(ctx, "admin.error.networks")
	case field == "site" && code == "unknown":
		return text.T(ctx, "admin.error.site")
	case code == "required":
		return text.T(ctx, "admin.error.required")
	case code == "too_long":
		return text.T(ctx, "admin.error.too_long")
	case field == "password" && code == "invalid":
		return text.T(ctx, "admin.error.password_characters")
	case field == "password":
		return text.T(ctx, "admin.error.too_short")
	case field == "slug":
		return text.T(ctx, "admin.error.slug")
	case field == "email":
		return text.T(ctx, "admin.error.email")
	case field == "origin":
		return text.T(ctx, "admin.error.origin")
	case field == "quiet_from", field == "quiet_until" && code == "invalid":
		return text.T(ctx, "admin.error.time")
	case field == "quiet_until":
		return text.T(ctx, "admin.error.same_time")
	case field == "time_zone":
		return text.T(ctx, "admin.error.time_zone")
	case api.DayOf(field) > 0:
		return text.T(ctx, "admin.error.hours")
	case field == "exceptions":
		return text.T(ctx, "admin.error.exceptions")
	case field == "minutes":
		return text.T(ctx, "admin.error.minutes")
	case field == "max_stars":
		return text.T(ctx, "admin.error.stars")
	case field == "max_concurrent", field == "max_messages":
		return text.T(ctx, "admin.error.capacity")
	case code == "unknown":
		return text.T(ctx, "admin.error.not_known")
	case code == "out_of_bounds":
		return text.T(ctx, "admin.error.out_of_bounds")
	default:
		return text.T(ctx, "admin.error.malformed")
	}
}
