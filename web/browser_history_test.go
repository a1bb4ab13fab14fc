package web_test

import (
	"strings"
	"testing"

	"parley/models"
)

// "Back" leads from the page to the previous one after any use of the widget: neither the loader nor the panel adds to the history.
func TestTheWidgetAddsNothingToTheHistory(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	agent, _ := s.online("anna")
	h.shows("/before", `<!doctype html><title>Before</title>`)
	h.shows("/", snippet)
	b := newBrowser(t)
	b.open(h.url + "/before")
	b.ready(h.url + "/")
	length := get[int](b, "history.length")
	unchanged := func(what string) {
		t.Helper()
		if now := get[int](b, "history.length"); now != length {
			t.Errorf("%s: the history has %d entries and had %d", what, now, length)
			length = now
		}
	}
	user := b.panel()
	user.sees("#w-hello")
	unchanged("opened")
	for _, settings := range []string{`language: "zh-CN"`, `site: "Other"`, `colour: "#6a1b9a"`, `department: "sales"`, `theme: "dark"`, `position: "left"`, `language: "en", site: "Shop", department: null`} {
		b.run(`window.before = ` + inShadow + `.querySelector("iframe").src; Parley("update", { ` + settings + ` })`)
		user.until("the panel after "+settings, `root.readyState === "complete" && root.documentElement.dataset.live === "live"`)
		unchanged("update of " + settings)
	}
	user.sees("#w-hello", "What can we help you with?")
	b.run(`document.documentElement.replaceChild(document.createElement("body"), document.body)`)
	user.until("the panel in the new body", `root.documentElement.dataset.live === "live"`)
	user.sees("#w-hello", "What can we help you with?") // with the latest settings, not the first ones
	unchanged("a new body")
	user.send("A question")
	user.sees("#w-head", "anna")
	_, err := s.desk.End(t.Context(), models.AgentActor(agent), s.onlyChat(agent).ID, "")
	s.must(err)
	user.sees("#w-sheet")
	unchanged("a chat")
	user.click("[data-again]")
	user.sees("#w-hello")
	unchanged("a new chat")
	b.run(
		`Parley("close"); Parley("open"); Parley("hide"); Parley("show"); Parley("identify", ` + quote(
			names(t, "maria", "Maria"),
		) + `); Parley("open")`,
	)
	user.until("the identity", `root.querySelector("#main").dataset.user && !root.querySelector("#main").dataset.user.startsWith("anon-")`)
	unchanged("an identity")
	b.run(`Parley("logout")`)
	b.until("that it is done", `localStorage.parley === undefined`)
	user.until("the panel of the next user", `root.querySelector("#main").dataset.user?.startsWith("anon-")`)
	unchanged("signing out")
	b.run(`setTimeout(() => history.back())`)
	b.until("the page before", `location.pathname === "/before"`)
	if !strings.Contains(get[string](b, "document.title"), "Before") {
		t.Error("Back stayed on the page")
	}
}
