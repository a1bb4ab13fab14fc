package present

import (
	"context"
	"strings"

	"parley/views/text"
)

// The substrings that identify a browser and a system, the more specific ones first, since browsers also name those that they imitate.
var (
	browsers = [][2]string{
		{"Edg/", "Edge"},
		{"OPR/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	}
)

// DescribeUserAgent returns the browser and the system of a User-Agent header as text, and whether it is a phone or tablet.
func DescribeUserAgent(ctx context.Context, userAgent string) (comment string, phone bool) {
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
	return Shorten(name, 40), false
}

func firstOf(known [][2]string, userAgent string) string {
	for _, k := range known {
		if strings.Contains(userAgent, k[0]) {
			return k[1]
		}
	}
	return ""
}
