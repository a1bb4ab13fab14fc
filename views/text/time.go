package text

import (
	"context"
	"fmt"
	"time"
)

// Clock formats a duration as "0:41" or "1:02:07".
func Clock(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Spoken formats a duration as "2 min 20 s" in the language of ctx.
func Spoken(ctx context.Context, d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	switch m := s / 60; {
	case s < 60:
		return T(ctx, "ui.time.seconds", "Seconds", s)
	case m < 60 && s%60 != 0 && m < 10:
		return T(ctx, "ui.time.minutes_seconds", "Minutes", m, "Seconds", s%60)
	case m < 60:
		return T(ctx, "ui.time.minutes", "Minutes", m)
	case m%60 == 0:
		return T(ctx, "ui.time.hours", "Hours", m/60)
	default:
		return T(ctx, "ui.time.hours_minutes", "Hours", m/60, "Minutes", m%60)
	}
}

// Minutes rounds an estimated wait outward to whole minutes. The upper end is at least one.
func Minutes(low, high time.Duration) (from, to int) {
	from = int(max(low, 0) / time.Minute)
	to = int((max(high, low, 0) + time.Minute - 1) / time.Minute)
	return from, max(to, 1)
}

// Range formats an estimated wait, rounded outward: "3–6 min", "4 min", "up to 6 min" or "less than a minute".
func Range(ctx context.Context, low, high time.Duration) string {
	switch from, to := Minutes(low, high); {
	case to <= 1:
		return T(ctx, "ui.time.under_minute")
	case from == 0:
		return T(ctx, "ui.time.up_to", "To", to)
	case from == to:
		return T(ctx, "ui.time.minutes", "Minutes", to)
	default:
		return T(ctx, "ui.time.range", "From", from, "To", to)
	}
}

// About formats Range for use in a sentence: "about 3–6 min", "up to about 6 min" or "less than a minute".
func About(ctx context.Context, low, high time.Duration) string {
	switch from, to := Minutes(low, high); {
	case to <= 1:
		return Range(ctx, low, high)
	case from == 0:
		return T(ctx, "ui.time.up_to_about", "To", to)
	}
	return T(ctx, "ui.time.about", "Range", Range(ctx, low, high))
}
