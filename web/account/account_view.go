package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"parley/models"
	view "parley/views/account"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/present"
)

func sessionView(ctx context.Context, s *models.Session, now time.Time) view.Session {
	program, phone := describeUserAgent(ctx, s.UserAgent)
	return view.Session{ID: s.ID, Program: program, Phone: phone, Address: s.Address, Began: s.CreatedAt, Current: s.Current, Seen: lastSeen(ctx, now.Sub(s.SeenAt), s.Current)}
}

// The parts by which a browser and a system are known, the more special ones first: each names itself after those it is like.
var (
	browsers = [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems  = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// describeUserAgent says in a few words which browser on which system a session is in, and whether that is held in the hand.
func describeUserAgent(ctx context.Context, userAgent string) (comment string, phone bool) {
	browser, system := firstOf(browsers, userAgent), firstOf(systems, userAgent)
	phone = system == "iPhone" || system == "iPad" || system == "Android"
	switch {
	case browser != "" && system != "":
		return text.T(ctx, "account.sessions.program", "Browser", browser, "System", system), phone
	case browser+system != "":
		return browser + system, phone
	case strings.TrimSpace(userAgent) == "":
		return text.T(ctx, "account.sessions.unknown"), false
	}
	name, _, _ := strings.Cut(strings.TrimSpace(userAgent), " ")
	return present.Shorten(name, 40), false
}

func firstOf(known [][2]string, userAgent string) string {
	for _, k := range known {
		if strings.Contains(userAgent, k[0]) {
			return k[1]
		}
	}
	return ""
}

// lastSeen rounds as coarsely as the sign of life itself is noted.
func lastSeen(ctx context.Context, ago time.Duration, current bool) string {
	switch {
	case current:
		return text.T(ctx, "account.sessions.seen_now")
	case ago < time.Hour:
		return text.T(ctx, "account.sessions.seen_hour")
	case ago < 48*time.Hour:
		return text.T(ctx, "account.sessions.seen_hours", "Count", int(ago.Hours()))
	}
	return text.T(ctx, "account.sessions.seen_days", "Count", int(ago.Hours()/24))
}

// formErrors puts a refusal that a form of the account can mend into words, by field where the desk names one.
func formErrors(ctx context.Context, err error) (view.Errors, bool) {
	var e *models.Error
	if !errors.As(err, &e) || (e.Kind != models.Invalid && e.Kind != models.Conflict && e.Kind != models.TooMany) {
		return nil, false
	}
	if e.Kind == models.TooMany {
		return view.Errors{"": text.T(ctx, "login.too_many", "Time", text.Spoken(ctx, e.RetryAfter))}, true
	}
	if len(e.Fields) == 0 {
		return view.Errors{"": kit.ProblemOf(ctx, err).Detail}, true
	}
	fieldErrors := view.Errors{}
	for field, code := range e.Fields {
		switch {
		case code == "wrong" && field == "code":
			fieldErrors[field] = text.T(ctx, "account.error.code")
		case code == "wrong":
			fieldErrors[field] = text.T(ctx, "account.error.password")
		default:
			fieldErrors[field] = present.FieldError(ctx, field, code)
		}
	}
	return fieldErrors, true
}

// groupSecret writes a secret as people type it: four at a time.
func groupSecret(secret string) string {
	var groups []string
	for ; len(secret) > 4; secret = secret[4:] {
		groups = append(groups, secret[:4])
	}
	return strings.Join(append(groups, secret), " ")
}

const quietZone = 4 // modules, as the standard wants

// qrCode draws an address as a QR code: a path of one square for each run of dark modules.
func qrCode(address string) (view.QR, error) {
	code, err := qr.Encode(address, qr.M, qr.Unicode)
	if err != nil {
		return view.QR{}, err
	}
	var path strings.Builder
	size := code.Bounds().Dx()
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}
	for y := range size {
		for x := 0; x < size; x++ {
			if !dark(x, y) {
				continue
			}
			from := x
			for x < size && dark(x, y) {
				x++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quietZone, y+quietZone, x-from, x-from)
		}
	}
	return view.QR{Size: size + 2*quietZone, Path: path.String()}, nil
}
