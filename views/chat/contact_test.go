package chat

import (
	"html"
	"strings"
	"testing"
)

func contact(href, text string) string {
	return `<a href="` + html.EscapeString(
		href,
	) + `" target="_blank" rel="noopener noreferrer nofollow ugc">` + html.EscapeString(
		text,
	) + `</a>`
}

// checkContacts compares the links of texts, in which « and » mark those that are expected.
func checkContacts(t *testing.T, href func(text string) string, marked ...string) {
	t.Helper()
	for _, m := range marked {
		text := strings.NewReplacer("«", "", "»", "").Replace(m)
		want := ""
		for rest := m; rest != ""; {
			plain, after, _ := strings.Cut(rest, "«")
			want += html.EscapeString(plain)
			address, next, found := strings.Cut(after, "»")
			if found {
				want += contact(href(address), address)
			}
			rest = next
		}
		if got := linked(text); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestEmailAddresses(t *testing.T) {
	t.Parallel()
	checkContacts(
		t,
		func(address string) string { return "mailto:" + address },
		"«anna@example.com»",
		"write to «anna@example.com».",
		"(«anna@example.com»)",
		"<«anna@example.com»>",
		"\"«anna@example.com»\"",
		"«anna@example.com», «ben@example.org»;",
		"«a.b+c_d@mail.example.co.uk»!",
		"«o'brien@example.com»",
		"'«anna@example.com»'",
		"mailto:«anna@example.com»",
		"«Anna@Example.COM»?",
		"«x@www.example.com»",
		"E-mail:«anna@example.com»",
		"请发到«anna@example.com»谢谢",
		"邮箱：«anna@example.com»。",
		"（«anna@example.com»）",
		"«anna@münchen.de»",
		"«anna@пример.рф»",
		"«anna@xn--mnchen-3ya.de»",
		"«anna@a.test»…",
		"«anna@example.com»\n«b@c.de»",
		"«1@qq.com»",
		"_«anna@example.com»_",
		"«anna@example.com»/",
		"anna@",
		"@anna",
		"anna@example",
		"anna@example.",
		"anna@.com",
		"anna@example.c0m",
		"anna@-a.com",
		"anna@a-.com",
		"anna@a..com",
		"a..b@example.com",
		"a.@example.com",
		"anna@example.nosuchending",
		"git@github.com:a/b.git",
		"a@b.com@c.com",
		"ssh://git@example.com",
		"@anna@example.com",
		"anna @example.com",
		"3 @ 5.00",
		"v1@2.0",
	)
}

func TestPhoneNumbers(t *testing.T) {
	t.Parallel()
	calls := strings.NewReplacer(" ", "", "-", "", ".", "", "(0)", "", "(", "", ")", "", "\u00a0", "")
	checkContacts(
		t,
		func(number string) string { return "tel:" + calls.Replace(number) },
		"«+49 30 901820»",
		"«+14155552671»",
		"«+1 415 555 2671»",
		"«+1 (415) 555-2671»",
		"«+1-415-555-2671»",
		"«+86 138 1234 5678»",
		"«+8613812345678»",
		"«+44 (0)20 7946 0958»",
		"«+49\u00a030\u00a0901820»",
		"call «+49 30 901820».",
		"(«+49 30 901820»)",
		"Tel.:«+49 30 901820»",
		"tel:«+4930901820»",
		"«+49 30 901820», please",
		"«+33 1 23 45 67 89»!",
		"请拨打«+86 10 6552 9988»。",
		"电话：«+86 138-1234-5678»，谢谢",
		"«(415) 555-2671»",
		"«415-555-2671»",
		"«415.555.2671»",
		"«415 555 2671»",
		"«138 1234 5678»",
		"«138-1234-5678»",
		"«010-65529988»",
		"«010 6552 9988»",
		"«400-810-1234»",
		"«020 7946 0958»",
		"«030 901820»",
		"«01 23 45 67 89»",
		"«03-3224-5000»",
		"(«030 901820»)",
		"(«415 555-2671»",
		"«415-555-2671» or «415-555-2672»",
		"«+1 415 555 2671» 2 times",
		"_«+49 30 901820»_",
		"13812345678",
		"4155552671",
		"12345678",
		"order 4155552671",
		"#415-555-2671",
		"No. 2026-1234-5678",
		"114-3941689-8231422",
		"2026-11-29",
		"2026-11-29 10:30",
		"29.11.2026",
		"11/29/2026",
		"2026 11 29",
		"05.11.2026",
		"20261129103000",
		"10:30-11:30",
		"192.168.100.200",
		"10.0.0.1",
		"2001:db8::1",
		"1,234,567.89",
		"1.234.567,89",
		"1 234 567,89",
		"€ 1 234 567",
		"$415 555 2671",
		"415 555 2671 €",
		"4111 1111 1111 1111",
		"978-3-16-148410-0",
		"1Z 999 AA1 01 2345 6784",
		"DE89 3704 0044 0532 0130 00",
		"3.14159265358979",
		"1234567",
		"123-4567",
		"+1",
		"+123 456",
		"+999 123 456 789",
		"++++",
		"(((((",
		"12 + 34567890",
		"5+6+7+8+9+10+11",
		"a415-555-2671",
		"415-555-2671a",
		"415-555-2671@example",
		"v1.2.3.4.5.6.7.8",
		"10 000 000",
		"100 000 000 000",
		"1-2-3-4-5-6-7-8-9",
		"555-2671",
		"0x1234567890",
		"50.1234567, 8.1234567",
		"+50.1234567, -8.1234567",
		"110101199001011234",
		"SF1234567890123",
		"2026112901_0001",
		"1 2 3 4 5 6 7 8 9",
		"41-5555-2671",
		"4155-552-671",
		"1381-234-5678",
		"4 15 55 52 67 1",
	)
}
