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
	program, phone := present.DescribeUserAgent(ctx, s.UserAgent)
	return view.Session{
		ID: s.ID, Program: program, Phone: phone, Address: s.Address, Began: s.CreatedAt, Current: s.Current,
		Seen: lastSeen(ctx, now.Sub(s.SeenAt), s.Current),
	}
}

// lastSeen returns how long ago a session was used, rounded as coarsely as that time is stored.
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

// formErrors returns the texts of an error for a form of the account. Too many attempts are among the errors that a form shows.
func formErrors(ctx context.Context, err error) (view.Errors, bool) {
	var e *models.Error
	if errors.As(err, &e) && e.Kind == models.TooMany {
		return view.Errors{"": text.T(ctx, "login.too_many", "Time", text.Spoken(ctx, e.RetryAfter))}, true
	}
	return kit.FormErrors(ctx, err, fieldError)
}

func fieldError(ctx context.Context, field, code string) string {
	switch {
	case code == "wrong" && field == "code":
		return text.T(ctx, "account.error.code")
	case code == "wrong":
		return text.T(ctx, "account.error.password")
	}
	return present.FieldError(ctx, field, code)
}

// groupSecret splits a secret into groups of four characters, which are easier to type.
func groupSecret(secret string) string {
	var groups []string
	for ; len(secret) > 4; secret = secret[4:] {
		groups = append(groups, secret[:4])
	}
	return strings.Join(append(groups, secret), " ")
}

const quietZone = 4 // modules, as ISO/IEC 18004 requires

// qrCode returns the QR code of an address as an SVG path with one rectangle for each run of dark modules.
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
