package chat

import (
	"html"
	"regexp"
	"strings"
	"testing"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	// « and » mark the expected links; a text with these characters of its own is in TestQuotedLinks.
	for _, marked := range []string{
		"no link", "<b>&", "javascript:alert(1)", "data:text/html,x", "https://", "http:///x", "www.", "www.example", "ftp://a.test/x",
		"see «https://a.test/x».", "(«https://a.test/x_(y)»)", "[«https://a.test/x»]", "{«https://a.test/x»}", "(«https://a.test/x_(y).html»)", "«https://a.test/a[1]»",
		"«https://en.wikipedia.org/wiki/Rubik's_Cube»", "'«https://a.test/x»'", "\"«https://a.test/x»\"", "it is «https://a.test/it's».",
		"“«https://example.com/a»” said", "‘«https://a.test/x»’", "„«https://a.test/x»“", "‹«https://a.test/x»›", "`«https://a.test/x»`", "<«https://a.test/x»>",
		"«https://fr.wikipedia.org/wiki/L’Étranger»", "“«www.a.test»”",
		"«https://a.test/x»\u00a0b", "«https://a.test/x»\u3000b", "«https://a.test/x»\u2009b", "«https://a.test/x»\u200bb", "«https://a.test/x»\ufeff", "«https://a.test/x»\u202eb",
		"«https://a.test/x»\tb", "«http://a.test»\n«http://b.test»", "«https://a.test/x»\r\nb",
		"«Https://Example.com/A»", "«HTTP://A.TEST»", "see «www.example.com/a».", "«WWW.Example.com»", "请看«www.example.com»。", "awww.example.com", "a.www.example.com",
		"«https://a.test/x_» b", "«https://a.test/x*» b", "«https://a.test/x_»", "«https://a.test/x*»", "«https://a.test/*»", "**«https://a.test/x»**", "_«https://a.test/x»_", "*«https://a.test»*",
		"«https://a.test/x»!", "«https://a.test/x»?!", "«https://a.test/x»…", "«https://a.test/x»...", "«https://a.test/x», and", "«https://a.test/x»; and", "«https://a.test/x»: and",
		"请看«https://a.test/x»。谢谢", "«https://a.test/x»，谢谢", "（«https://a.test/x»）好", "「«https://a.test/x»」", "《«https://a.test/x»》", "«https://a.test/x»、«https://b.test»", "«https://a.test/x»：好",
		"«https://a.test/x»！", "«https://a.test/x»？", "«https://a.test/x»；", "«https://a.test/x»——看", "«https://a.test/x»……看", "«https://a.test/x»～", "«https://a.test»。",
		"«https://zh.wikipedia.org/wiki/中国»", "«https://ja.wikipedia.org/wiki/佐々木»", "«https://de.wikipedia.org/wiki/Straße_(Weg)»", "«https://a.test/x»، ثم", "«https://a.test/🙂»",
		"«https://пример.рф/путь».", "«https://例え.テスト/パス»", "«https://münchen.example:8443/»", "«http://[::1]:8080/a» b", "«http://[2001:db8::1]/».", "[«http://[::1]»]", "«https://127.0.0.1:8080»",
		"«http://localhost:8080/x»", "«https://a_b.test»", "«https://user:pw@a.test/x»", "«https://a.test:443/?q={1}»", "«https://a.test?x=1»", "«https://a.test#top»", "«https://a.test/#:~:text=a,-b»",
		"«https://web.archive.org/web/2020/https://a.test/x»", "«https://a.test»,«https://b.test»", "«https://a.test»;x", "«https://a.test»\\@evil.test", "«https://a.test/a;b=c,d»", "«https://a.test/100%25»",
		"«https://a.test/?a=1&b=»\"><script>alert(1)</script>", "«https://a.test/»<img/src=x onerror=alert(1)>", "«https://a.test/'onmouseover='alert(1)//»", "see«https://a.test»", "javascript:«https://a.test»",
	} {
		text := strings.NewReplacer("«", "", "»", "").Replace(marked)
		want := ""
		for rest := marked; ; {
			plain, after, ok := strings.Cut(rest, "«")
			want += html.EscapeString(plain)
			if !ok {
				break
			}
			address, next, _ := strings.Cut(after, "»")
			want, rest = want+anchor(address), next
		}
		got := linked(text)
		if got != want {
			t.Errorf("linked(%q)\n got %s\nwant %s", text, got, want)
		}
		if bare := html.UnescapeString(regexp.MustCompile(`</?a( [^>]*)?>`).ReplaceAllString(got, "")); bare != text {
			t.Errorf("the text %q became %q", text, bare)
		}
	}
}

func anchor(address string) string {
	href := html.EscapeString(address)
	if strings.EqualFold(address[:4], "www.") {
		href = "http://" + href
	}
	return `<a href="` + href + `" target="_blank" rel="noopener noreferrer nofollow ugc">` + html.EscapeString(address) + `</a>`
}

func TestQuotedLinks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"«https://a.test/x»":   "«" + anchor("https://a.test/x") + "»",
		"« https://a.test/x »": "« " + anchor("https://a.test/x") + " »",
		"»https://a.test/x«":   "»" + anchor("https://a.test/x") + "«",
	} {
		if got := linked(text); got != want {
			t.Errorf("linked(%q)\n got %s\nwant %s", text, got, want)
		}
	}
}

// Each text takes hours if finding the links takes quadratic time.
func TestLongTextsAreLinkedInLinearTime(t *testing.T) {
	t.Parallel()
	const length = 1 << 18
	for _, part := range []string{"https://a/(", "www.", "www.a.b", "https://", "https://a.test/x,", "https://a.test ", "https://a@", "https://a.test/((((", "a.", "https://a.test/x*", "https://[::", "_https://a.test/_"} {
		linked(strings.Repeat(part, length/len(part)))
		linked("https://a.test/" + strings.Repeat(part, length/len(part)))
	}
}

func FuzzLinks(f *testing.F) {
	f.Add("see https://a.test/x_(y), www.b.test!")
	f.Add("https://\ufffd#") // a host that is no address
	f.Fuzz(func(t *testing.T, text string) {
		got := linked(text)
		for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(got, -1) {
			if tag != "</a>" &&
				!regexp.MustCompile(`^<a href="((?i:https?)://|mailto:|tel:\+?[0-9]+)[^"]*" target="_blank" rel="noopener noreferrer nofollow ugc">$`).
					MatchString(tag) {
				t.Errorf("%q has the tag %s", text, tag)
			}
		}
		if bare := regexp.MustCompile(`</?a( [^>]*)?>`).ReplaceAllString(got, ""); bare != html.EscapeString(text) {
			t.Errorf("%q became %q", text, bare)
		}
	})
}
