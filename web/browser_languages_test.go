package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/models"
	"parley/views/text"
)

// narrow is how narrow a window the panel fits into in every language.
const narrow = 320

// tooWide returns what of the panel does not fit: parts that are cut off or reach out of the window.
const tooWide = `[...root.querySelectorAll(".w *")].filter((el) => {
	if (!el.checkVisibility() || el.closest(".sr, [popover], dialog, svg, template") || el.matches(".sr")) return false;
	const at = el.getBoundingClientRect();
	return at.left < -1 || at.right > innerWidth + 1 || el.matches("button:not(.icon-btn), .btn, label, h2, p:not(.clip)") && el.scrollWidth > el.clientWidth + 1 && el.clientWidth > 0
		&& getComputedStyle(el).overflowX === "visible" && getComputedStyle(el).display !== "inline";
}).map((el) => el.tagName + "." + el.className + ": " + el.textContent.trim().slice(0, 60))
	.concat(document.documentElement.scrollWidth > innerWidth ? ["the page"] : [])`

// The panel has every language, whole and in its direction, at the width of the smallest phones. No text of the staff is on it.
func TestThePanelFitsNarrowScreensInEveryLanguage(t *testing.T) { //nolint:paralleltest // it observes the texts of the process
	var mu sync.Mutex
	missing := map[string]bool{}
	text.OnMissing(func(lang, key string) {
		mu.Lock()
		defer mu.Unlock()
		missing[lang+" "+key] = true
	})
	defer text.OnMissing(nil)
	s := newSite(t, nil)
	b := newBrowser(t)
	b.size(narrow, 640)
	shown := map[string]string{}
	inAll := func(state, selector string) {
		for _, l := range text.Languages {
			b.open(s.url + "/widget?lang=" + l.Tag)
			b.sees(selector)
			b.until(
				"the page in "+l.Tag,
				fmt.Sprintf(
					`root.documentElement.lang === %q && root.documentElement.dir === %q`,
					l.Tag,
					map[bool]string{true: "rtl"}[l.IsRTL],
				),
			)
			wide, err := eval[[]string](b, tooWide)
			s.must(err)
			if len(wide) > 0 {
				t.Errorf("%s in %s does not fit:\n%s", state, l.Tag, strings.Join(wide, "\n"))
			}
			said := b.text(selector)
			if other, seen := shown[state+said]; seen && state != "active" {
				t.Errorf("%s is the same in %s and %s: %s", state, other, l.Tag, said)
			}
			shown[state+said] = l.Tag
			if slices.Contains([]string{"de", "ja", "he", "ru"}, l.Tag) {
				b.looksLike("languages-" + state + "-" + l.Tag)
			}
		}
	}
	inAll("offline", "#w-hello")
	b.send("A-17")
	b.sees("#w-place")
	inAll("waiting", "#w-place")
	s.online("anna")
	b.sees("#w-head", "anna")
	inAll("active", "#w-head")
	chat := b.attr("#w-now", "data-chat")
	s.must(func() error { _, err := s.desk.End(t.Context(), admin, chat, ""); return err }())
	inAll("ended", "#w-sheet")
	for one := range missing {
		if !strings.HasPrefix(one, text.Chinese+" ") {
			t.Errorf("a public page uses a text that is not in the language: %s", one)
		}
	}
}

// A whole chat in Arabic: asking, waiting, messages of both sides with ticks and a quote, the end and the rating, from right to left.
func TestAnArabicWidgetFromQuestionToRating(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	user := newBrowser(t)
	phone := look{"360", 360, 740, "light", "ar"}
	shots := []look{phone, {"390-dark", 390, 844, "dark", "ar"}, {"1440", 1440, 900, "light", "ar"}}
	pictures := func(state string) {
		for _, l := range shots {
			user.as(l)
			user.accessible(state + ", " + l.name)
			user.looksLike("arabic-" + state + "-" + l.name)
		}
		user.as(phone)
	}
	user.as(phone)
	user.open(s.url + "/widget?lang=ar")
	user.sees("#w-hello", "لا يوجد أحد متاح الآن")
	user.until("the direction", `root.documentElement.dir === "rtl" && getComputedStyle(root.querySelector("#w-head")).direction === "rtl"`)
	user.until("the button to send is on the left and mirrored", `root.querySelector(".send").getBoundingClientRect().right < innerWidth / 2
		&& getComputedStyle(root.querySelector(".send .i")).scale === "-1 1"`)
	user.until("the placeholder from right to left", `getComputedStyle(root.querySelector("#composer-text")).direction === "rtl"`)
	pictures("hello")
	user.send("أين طلبي A-17؟")
	user.sees("#w-place", "لا يوجد أحد متاح الآن")
	pictures("waiting")

	agent := atWork(t, s, "anna")
	agent.sees("#list-awaiting .row", "A-17")
	agent.alt("KeyN")
	agent.sees("#thread .msg", "أين طلبي A-17؟")
	user.sees("#thread .sys", "انضم anna")
	agent.send("> أين طلبي A-17؟\nسيصل غدًا إن شاء الله.")
	user.sees(theirs, "سيصل غدًا")
	agent.send("Your order A-17, see https://example.com/a?b=1.")
	user.sees("#thread", "Your order A-17")
	user.send("شكرًا! والطلب B-18 (2 × 15.90 €)؟")
	user.status("read")
	user.until("own messages on the left, those of the agent on the right, with a mirrored tick", `(() => {
		const own = root.querySelector(".msg-own .bubble").getBoundingClientRect(), other = root.querySelector(".msg:not(.msg-own, .sys) .bubble").getBoundingClientRect();
		return own.left < innerWidth - own.right && other.left > innerWidth - other.right && getComputedStyle(root.querySelector(".msg-own .tick")).scale === "-1 1";
	})()`)
	user.until("the line of a quote on the right", `(() => {
		const style = getComputedStyle(root.querySelector("blockquote"));
		return style.borderRightWidth === "3px" && style.borderLeftWidth === "0px";
	})()`)
	user.until(
		"each message in its own direction",
		`[...root.querySelectorAll(".say")].map((el) => getComputedStyle(el).direction).join() === "rtl,rtl,ltr,rtl"`,
	)
	pictures("chat")

	user.click(".w-more summary")
	user.click(`.w-more button[type="submit"]`)
	user.sees("#w-end", "إنهاء المحادثة؟")
	pictures("end")
	user.click("#w-end [data-yes]")
	user.sees("#w-sheet", "كيف كانت محادثتك مع anna؟")
	user.focus(`[name="rating"][value="4"]`)
	user.press(" ")
	user.write("#w-comment", "ممتاز")
	pictures("rating")
	user.click(`.w-rate [type="submit"]`)
	user.sees(".sheet-thanks", "شكرًا على تقييمك", "4 من 5")
	pictures("rated")
	agent.sees(".closed", "ممتاز")
}

// The button speaks the language of the site's page and is on the left of one that is written from right to left, unless the site says
// otherwise.
func TestTheButtonInOtherLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := newBrowser(t)
	b.open(s.url + "/demo?lang=en")
	const shadow = `document.querySelector("#parley").shadowRoot`
	is := func(set, label, side string) {
		t.Helper()
		_, err := eval[bool](b, `(Parley("update", `+set+`), true)`)
		s.must(err)
		b.until(
			"the button after "+set,
			fmt.Sprintf(
				`(%[1]s.querySelector("button").ariaLabel === %[2]q || %[1]s.querySelector("button").ariaLabel.endsWith(". " + %[2]q))
			&& (%[1]s.querySelector("button").getBoundingClientRect().left < innerWidth / 2) === %[3]t`,
				shadow,
				label,
				side == models.PositionLeft,
			),
		)
	}
	b.until("the button", `document.querySelector("#parley")?.shadowRoot?.querySelector("button")`)
	is(`{language: "en", position: null}`, "Open chat", "right")
	is(`{language: "ar"}`, "فتح المحادثة", "left")
	b.looksLike("arabic-button")
	is(`{language: "he", position: "right"}`, "פתיחת הצ׳אט", "right")
	is(`{language: "de-AT", position: null}`, "Chat öffnen", "right")
	is(`{language: "zh-TW"}`, "開啟對話", "right")
	is(`{language: "nl"}`, "Open chat", "right")
}

// The interface for users and the script of the button follow the language of the browser; pages of the staff have their own languages.
func TestTheLanguageOfResponses(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	for _, c := range []struct{ path, accept, want string }{
		{"/widget", "de-AT,en;q=0.5", "de"},
		{"/widget?lang=zh-TW", "de", "zh-TW"},
		{"/widget", "nl", "en"},
		{"/continue/none", "ar", "ar"},
		{"/no-such-page", "fr", "fr"},
		{"/login", "fr", "en"},
		{"/login", "fr,zh-CN;q=0.5", "zh-CN"},
		{"/api/user/customer-service/chats", "ru", "ru"},
		{"/api/customer-service/chats", "ru", "en"},
	} {
		got := h.get(c.path, c.accept)
		if lang := got.Header.Get("Content-Language"); lang != c.want {
			t.Errorf("%s for %s is in %q, want %q", c.path, c.accept, lang, c.want)
		}
	}
	for accept, want := range map[string]string{"de": "Chat öffnen", "nl": "Open chat", "he": "פתיחת הצ׳אט"} {
		got := h.get("/widget.js", accept)
		if body := string(got.Body); !strings.Contains(body, want) || strings.Contains(body, "隐藏") {
			t.Errorf("the script for %s lacks %q", accept, want)
		}
		if vary := strings.Join(got.Header.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Language") {
			t.Errorf("the script varies by %q", vary)
		}
	}
	if !slices.Equal(models.Locales, tagsOf(text.Languages)) {
		t.Errorf("users may have %v, and there are texts in %v", models.Locales, tagsOf(text.Languages))
	}
}

func tagsOf(languages []text.Language) (tags []string) {
	for _, l := range languages {
		tags = append(tags, l.Tag)
	}
	return tags
}

// get requests an address with an Accept-Language header.
func (h *testServer) get(path, accept string) answer {
	h.t.Helper()
	return h.send("GET", path, http.Header{"Accept-Language": {accept}}, nil)
}
