package web_test

import (
	"net/url"
	"strings"
	"testing"

	"parley/models"
)

const textsPath = "/api/admin/texts"

// What an administrator writes on one instance, users of the other one read: on the site, in the language, and nowhere else.
func TestACompanyWritesItsOwnTexts(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, alex := a.agent("alex", models.RoleAdmin)
	const shop = "https://shop.example"
	must(t, a.desk.AddSite(t.Context(), admin, shop))
	write := func(site, locale, key, said string) answer {
		return a.ask("POST", textsPath, alex, map[string]any{"site": site, "locale": locale, "key": key, "text": said})
	}
	panel := func(h *testServer, site, lang string) string {
		return string(h.ask("GET", "/widget?"+url.Values{"origin": {site}, "lang": {lang}}.Encode(), "", nil).want(200).Body)
	}
	write("", "de", "widget.keep_secret", "Nie die <PIN>\nsenden.").want(200)
	write("", "de", "widget.offline.title", "Wir melden uns!").want(200)
	write(shop, "de", "widget.offline.title", "Der Laden ist zu.").want(200)
	write("", "de", "chat.new_messages.one", "{{.Count}} Neues").want(200)
	a.until(
		"the other instance shows the text of the site",
		func() bool { return strings.Contains(panel(b, shop, "de"), "Der Laden ist zu.") },
	)
	if page := panel(b, shop, "de"); !strings.Contains(page, "{{.Count}} Neues") || strings.Contains(page, "Wir melden uns!") {
		t.Error("the scripts of the site lack the plural form, or the page has the text of all sites")
	}
	if page := panel(b, "", "de"); !strings.Contains(page, "Wir melden uns!") || strings.Contains(page, "Der Laden") {
		t.Error("another site has not the text of all sites")
	}
	for _, lang := range []string{"en", "fr"} {
		if page := panel(b, shop, lang); strings.Contains(page, "Laden") || strings.Contains(page, "Neues") {
			t.Errorf("the text is also shown in %s", lang)
		}
	}

	shown := func(query string) []map[string]any {
		return a.ask("GET", textsPath+"?"+query, alex, nil).want(200).list()
	}
	if got := shown(
		"locale=de&q=laden&changed=1&site=" + url.QueryEscape(shop),
	); len(got) != 1 || got[0]["key"] != "widget.offline.title" ||
		got[0]["text"] != "Der Laden ist zu." || got[0]["of_all_sites"] != "Wir melden uns!" ||
		got[0]["default"] != "Gerade ist niemand verfügbar" {
		t.Errorf("the texts of the site are %v", got)
	}
	if got := shown("locale=de&changed=1"); len(got) != 3 || got[1]["text"] != "Nie die <PIN> senden." {
		t.Errorf("the texts of all sites are %v", got)
	}

	for field, in := range map[string][4]string{
		"text":   {"", "de", "chat.typing", "{{.Nobody}} schreibt"},
		"locale": {"", "nl", "chat.typing", "schrijft"},
		"key":    {"", "de", "admin.nav", "x"},
		"site":   {"https://other.example", "de", "chat.typing", "x"},
	} {
		got := write(in[0], in[1], in[2], in[3]).refused(422, "validation_failed").object()
		if got["errors"].(map[string]any)[field] == nil {
			t.Errorf("%s: %v", field, got)
		}
	}
	for _, said := range []string{"", " \n ", strings.Repeat("x", 501), "{{.Name", "{{.Name | html}}"} {
		if got := write("", "de", "chat.typing", said); got.Status != 422 {
			t.Errorf("%q is answered %d", said, got.Status)
		}
	}
	for _, key := range []string{"chat.new_messages", "widget.loader.open", "ui.save", ""} { // has forms, built in, of the staff, none
		write("", "de", key, "x").refused(422, "validation_failed")
	}

	reset := map[string]any{"site": shop, "locale": "de", "key": "widget.offline.title"}
	a.ask("POST", textsPath+"/reset", alex, reset).want(200)
	a.ask("POST", textsPath+"/reset", alex, reset).refused(404, "text_override_not_found")
	a.until(
		"the other instance shows the text of all sites",
		func() bool { return strings.Contains(panel(b, shop, "de"), "Wir melden uns!") },
	)
	a.audited(alex, "alex text_changed text", "alex text_changed text", "alex text_removed text")
}

// An administrator finds a text, writes it, sees why braces are refused, and resets it, on the page.
func TestTheTextsAreWrittenOnTheirPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.agent("alex", models.RoleAdmin)
	b := newBrowser(t)
	b.signIn(s, "alex", "/admin/texts")
	b.open(s.url + "/admin/texts?locale=ar&q=widget.rating.value")
	b.sees(".text-row", "من 5", "{{.Rating}}")
	b.until(
		"both texts from right to left",
		`[".text-usual p", ".text-row textarea"].every((at) => getComputedStyle(root.querySelector(at)).direction === "rtl")`,
	)
	b.write(".text-row textarea", "{{.Stars}} من 5")
	b.click(".text-form button")
	b.sees(".text-row .error", "Only the listed values")
	b.accessible("a refused text")
	for _, l := range looks {
		b.as(l)
		b.looksLike("texts-" + l.name)
	}
	b.write(".text-row textarea", "{{.Rating}} من أصل 5")
	b.click(".text-form button")
	b.until("the page of the text", `location.hash.startsWith("#text-")`)
	b.open(s.url + "/admin/texts?locale=ar&q=widget.rating.value")
	b.until(
		"the text is stored",
		`root.querySelector(".text-row textarea")?.value === "{{.Rating}} من أصل 5" && root.querySelector(".text-row form:nth-of-type(2)")`,
	)
	b.click(".text-row form:nth-of-type(2) button")
	b.until("the answer", `location.hash.startsWith("#text-")`)
	b.open(s.url + "/admin/texts?locale=ar&q=widget.rating.value")
	b.until("the text is reset", `root.querySelector(".text-row textarea")?.value === ""`)
	for _, l := range looks {
		b.open(s.url + "/admin/texts?lang=" + l.lang)
		b.as(l)
		b.sees(".text-row")
		b.accessible("the texts, " + l.name)
		b.looksLike("texts-all-" + l.name)
		b.open(s.url + "/admin/texts?q=no+such+text&lang=" + l.lang)
		b.sees(".empty")
		b.accessible("no texts, " + l.name)
	}
	said := strings.TrimSpace(strings.Repeat("Never send your PIN or the number of your card in this chat. ", 8))
	must(t, s.desk.SetTextOverride(t.Context(), admin, models.TextOverride{Locale: "en", Key: "widget.keep_secret", Text: said}))
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/admin/texts?changed=1&locale=en&lang=" + l.lang)
		b.sees(".text-row")
		b.until(
			"the whole of a long text",
			`(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight)(root.querySelector(".text-row textarea"))`,
		)
		b.until(
			"both buttons on a line",
			`new Set([...root.querySelectorAll(".text-row button")].map((el) => el.getBoundingClientRect().top)).size === 1`,
		)
		b.looksLike("texts-long-" + l.name)
	}
}
