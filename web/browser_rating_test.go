package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// The user rates with reasons by keyboard alone; the agent, who has the chat open, and the supervisor see them. A reason that was retired
// meanwhile is refused, and the user chooses again.
func TestAUserRatesWithReasonsByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent := atWork(t, s, "anna")
	s.agent("ruth", models.RoleSupervisor)
	boss := newBrowser(t)
	boss.signIn(s, "ruth", "/account")
	user := newBrowser(t)
	user.open(s.url + "/widget")
	user.send("My order is late")
	agent.sees("#list-awaiting .row", "My order is late")
	agent.alt("KeyN")
	agent.sees("#thread .msg", "My order is late")
	chat := user.attr("#w-now", "data-chat")
	s.must(func() error { _, err := s.desk.End(t.Context(), admin, chat, ""); return err }())
	user.sees("#w-sheet", "How was your chat with anna?")
	user.gone("#w-reasons")
	user.accessible("the rating before there are stars")

	user.focus(`[name="rating"][value="1"]`)
	user.press(" ")
	user.sees("#w-reasons", "Slow answers", "Unfriendly")
	user.until(
		"the reasons for good ratings to be hidden",
		`[...root.querySelectorAll("#w-reasons label")].filter((l) => l.offsetParent).length === 5`,
	)
	for range 2 {
		user.press(kb.ArrowRight) // in halves
	}
	user.until("two stars", `root.querySelector("[name=rating]:checked").value === "2"`)
	user.press("\t")
	user.until("the first reason to have the focus", `document.activeElement.closest("label")?.textContent.trim() === "Long wait"`)
	user.press(" ")
	user.press("\t")
	user.press(" ")
	for _, l := range looks {
		user.as(l)
		user.accessible("the reasons, " + l.name)
		user.looksLike("rating-reasons-" + l.name)
	}
	user.as(looks[0])

	// The administrator retires one of them.
	s.must(s.desk.RetireRatingReason(t.Context(), admin, 1, true))
	user.write("#w-comment", "Two days late")
	user.click(`.w-rate [type="submit"]`)
	user.sees("#w-reasons", "A reason is no longer offered.")
	user.until(
		"the retired reason to be gone and the other choices to be kept",
		`!root.querySelector("#w-reasons").textContent.includes("Long wait") &&
		[...root.querySelectorAll("#w-reasons :checked")].map((i) => i.value).join() === "2" &&
		root.querySelector("[name=rating]:checked").value === "2" && root.querySelector("#w-comment").value === "Two days late"`,
	)
	user.accessible("refused reasons")
	user.looksLike("rating-reasons-refused")
	user.click(`.w-rate [type="submit"]`)
	user.sees(".sheet-thanks", "Thank you", "Slow answers")

	agent.sees(".closed", "2.0", "Slow answers", "Two days late")
	agent.accessible("a rated chat")
	agent.looksLike("rating-reasons-agent")
	boss.open(s.url + "/supervisor/chats/" + chat)
	boss.sees("#main", "Reasons for the rating", "Slow answers")
	boss.open(s.url + "/supervisor")
	boss.sees("#counts", "Slow answers", "1")
	for _, l := range looks {
		boss.as(l)
		boss.accessible("the counts, " + l.name)
		boss.looksLike("rating-reasons-counts-" + l.name)
	}
}

// downloads returns a function that waits for the next transcript and returns it.
func (b *browser) downloads(s *site) func() string {
	b.t.Helper()
	dir := b.t.TempDir()
	_, err := chromedp.Call(b.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	})
	b.must(err)
	return func() string {
		b.t.Helper()
		var text string
		s.until("the file to be downloaded", func() bool {
			names, _ := filepath.Glob(filepath.Join(dir, "chat-*.txt"))
			if len(names) == 0 {
				return false
			}
			raw, err := os.ReadFile(names[0])
			text = string(raw)
			if done := err == nil && strings.Contains(text, "End of the transcript"); !done {
				return false
			}
			return os.Remove(names[0]) == nil
		})
		return text
	}
}

// A user who still waits downloads what the user has written so far. Without a message there is nothing to download.
func TestAWaitingUserDownloadsTheTranscript(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	user := newBrowser(t)
	downloaded := user.downloads(s)
	user.open(s.url + "/widget")
	user.send("My order is late")
	user.sees("#w-place a[data-transcript]", "Download transcript")
	for _, l := range looks {
		user.as(l)
		user.accessible("the queue with the transcript, " + l.name)
		user.looksLike("transcript-waiting-" + l.name)
	}
	user.click("#w-place a[data-transcript]")
	if got := downloaded(); !strings.Contains(got, "] You: My order is late\r\n") {
		t.Errorf("the user downloaded %q", got)
	}

	token := maria(t, nil)
	s.ask("POST", forUser+"/assign", token, map[string]any{}).want(200)
	page := newBrowser(t)
	page.open(s.url + "/demo")
	page.until("the widget", "window.Parley?.loaded")
	page.run("Parley('identify', " + quote(token) + ")")
	silent := page.launch()
	silent.sees("#w-place .q-links", "Leave")
	silent.gone("#w-place a[data-transcript]")
}

// What the user downloads in the browser is the transcript, with times in the browser's time zone.
func TestAUserDownloadsTheTranscript(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent := atWork(t, s, "anna")
	user := newBrowser(t)
	downloaded := user.downloads(s)
	user.open(s.url + "/widget")
	user.send("My order is late")
	agent.sees("#list-awaiting .row", "My order is late")
	agent.alt("KeyN")
	agent.sees("#thread .msg", "My order is late")
	agent.write("#composer-text", "I am sorry")
	agent.press("\r")
	user.sees("#thread .msg", "I am sorry")
	user.click(".w-more summary")
	user.sees(".w-more a[data-transcript]", "Download transcript")
	user.accessible("the menu with the transcript")
	user.looksLike("transcript-menu")
	user.click(".w-more a[data-transcript]")
	zone, err := eval[string](user, `Intl.DateTimeFormat().resolvedOptions().timeZone`)
	user.must(err)
	if got := downloaded(); !strings.Contains(got, "] You: My order is late\r\n") || !strings.Contains(got, "] anna: I am sorry\r\n") ||
		!strings.Contains(got, "Time zone: "+zone+" (UTC") {
		t.Errorf("the user downloaded %q", got)
	}
	user.sees("#composer-text") // the panel is still there
	s.must(func() error {
		_, err := s.desk.End(t.Context(), admin, user.attr("#w-now", "data-chat"), "")
		return err
	}())
	user.sees("#w-sheet a[data-transcript]", "Download transcript")
	user.click("#w-sheet a[data-transcript]")
	if got := downloaded(); !strings.Contains(got, "] anna: I am sorry\r\n") {
		t.Errorf("the user downloaded %q", got)
	}
}

// An administrator adds, changes, moves and retires reasons on the page.
func TestRatingReasonsAreManagedOnTheirPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.administer("/admin/rating-reasons")
	b.sees("#main", "Rating reasons")
	b.write("#new-name-en", "Rude answers")
	b.write("#new-min_stars", "4")
	b.press("\r")
	b.sees("#main .error", "Enter whole numbers from 1 to 5")
	b.write("#new-min_stars", "1")
	b.press("\r")
	b.until("the new reason", `[...root.querySelectorAll(".rows [name=name_en]")].some((i) => i.value === "Rude answers")`)
	b.click(`#reason-1 > form:last-of-type button`)
	b.sees("#main", "Retired", "Long wait", "1 to 3 stars")
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/admin/rating-reasons?lang=" + l.lang)
		b.sees("#reason-2")
		b.accessible("/admin/rating-reasons, " + l.name)
		b.looksLike("rating-reasons-admin-" + l.name)
	}
}
