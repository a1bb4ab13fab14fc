package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// keys returns the storage keys of the host page.
const keys = `Object.keys(localStorage).concat(Object.keys(sessionStorage), document.cookie).filter(Boolean).join(" ")`

// asked returns the addresses of Parley that the host page has loaded, without its own.
const asked = `performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname).filter((p) => p.startsWith("/widget")).join(" ")`

func TestNothingIsLoadedOrStoredBeforeTheFirstOpen(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := newBrowser(t)
	b.open(s.url + "/demo")
	b.until("the widget's button", `document.querySelector("#parley")?.shadowRoot?.querySelector("button")`)
	for what, expression := range map[string]string{"stored": keys, "loaded": asked} {
		got, err := eval[string](b, expression)
		b.must(err)
		if want := map[string]string{"stored": "", "loaded": "/widget.js"}[what]; got != want {
			t.Errorf("before the first open it %s %q, want %q", what, got, want)
		}
	}
	b.reload()
	b.until(
		"the button again, and no frame",
		`document.querySelector("#parley")?.shadowRoot?.querySelector("button") && !document.querySelector("#parley").shadowRoot.querySelector("iframe")`,
	)
	b.launch().sees("#w-hello")
}

func TestUnreadMessagesAreCountedWhileThePanelIsClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	title := "document.title"
	plain, err := eval[string](b, title)
	b.must(err)
	user := b.launch()
	user.send("I look elsewhere meanwhile")
	user.sees("#w-head", "anna")
	_, err = eval[bool](user, `(root.defaultView.addEventListener("message", ({ data }) => {
		if (data?.parley === "shut") root.documentElement.dataset.shut = "";
	}), true)`)
	b.must(err)
	user.click("[data-close-panel]")
	b.until("the panel closed", `document.querySelector("#parley").shadowRoot.querySelector("section").hidden`)
	user.until("the frame to know", `"shut" in root.documentElement.dataset`) // what arrives before is read

	chat := s.onlyChat(agent)
	for _, words := range []string{"First", "Second"} {
		_, _, err := s.desk.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: words})
		s.must(err)
	}
	b.until("the count at the button", `document.querySelector("#parley").shadowRoot.querySelector("button b").textContent === "2"`)
	b.until(
		"the button to say it",
		`document.querySelector("#parley").shadowRoot.querySelector("button").ariaLabel === "Open chat, 2 unread messages"`,
	)
	b.until("the count in the title", `document.title === "(2) " + `+quote(plain))

	b.launch().sees(theirs, "Second")
	b.until(
		"the count gone",
		`document.querySelector("#parley").shadowRoot.querySelector("button b").hidden && document.title === `+quote(plain),
	)
	s.until("the messages read", func() bool { return s.onlyChat(agent).UnreadByUser == 0 })
}

func TestTwoTabsAgree(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	first := s.holds("I am with anna already")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	one := b.launch()
	ctx, cancel := chromedp.NewContext(b.ctx) // same user, same cookies
	t.Cleanup(cancel)
	other := &browser{t: t, ctx: ctx, root: "document"}
	other.open(s.url + "/demo")
	two := other.launch()

	one.send("Written in the first tab")
	two.sees(mine, "Written in the first tab")
	two.sees("#w-place .q-place", "1")
	two.send("Written in the second tab")
	one.sees(mine, "Written in the second tab")
	agents, err := s.desk.Agents(t.Context())
	s.must(err)
	_, err = s.desk.End(t.Context(), models.AgentActor(&agents[0]), first, "")
	s.must(err)
	one.sees("#w-head", "anna")
	two.sees("#w-head", "anna")
}

func TestManyTabsShareOneStream(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	user := b.launch()
	user.send("I have many tabs")
	user.sees("#w-head", "anna")
	tabs := []*browser{user}
	for range 7 { // with a stream each, the seventh would not load
		ctx, cancel := chromedp.NewContext(b.ctx)
		t.Cleanup(cancel)
		tab := &browser{t: t, ctx: ctx, root: "document"}
		tab.open(s.url + "/widget?lang=en&site=Kestrel")
		tab.sees(mine, "I have many tabs")
		tabs = append(tabs, tab)
	}
	s.until("the streams to be few", func() bool { return s.hub.Streams(models.KindUser) <= 2 })
	chat := s.onlyChat(agent)
	_, _, err := s.desk.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: "I see all of them"})
	s.must(err)
	for _, tab := range tabs {
		tab.sees(theirs, "I see all of them")
	}
}

func TestAMessageThatIsRefusedKeepsItsTextAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	user := visit(t, s)
	user.send("Hello")
	user.sees("#w-head", "anna")
	chat := s.onlyChat(agent)
	s.stop()
	user.until("the line to be down", "root.documentElement.dataset.live === 'reconnecting'")
	user.sees(".w-lost", "Your messages will be sent")
	user.send("Said too late")
	user.sees(mine+" .status", "Will be sent")
	elsewhere := s.elsewhere()
	_, err := elsewhere.End(t.Context(), models.AgentActor(agent), chat.ID, "")
	s.must(err)
	s.start()
	user.sees("#w-sheet", "anna ended the chat")
	user.sees(mine+".msg", "Said too late", "Not sent")
	// In a new chat the user can send it again.
	user.click("#w-sheet [data-again]")
	user.sees("#w-hello")
	user.sees(mine, "Said too late", "Not sent")
	user.click("#thread [data-retry]")
	user.sees("#w-head", "anna")
	user.status("sent")
	if now := s.onlyChat(agent); now.ID == chat.ID || now.Status != models.Active {
		t.Errorf("it was sent in %s, which is %s", now.ID, now.Status)
	}
}

// connected connects or disconnects the network of a browser. Open connections stay open, as with an unplugged cable.
func (b *browser) connected(yes bool) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: !yes, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	b.must(err)
	_, err = chromedp.Call(
		b.ctx,
		network.OverrideNetworkState,
		network.OverrideNetworkStateParams{Offline: !yes, DownloadThroughput: -1, UploadThroughput: -1},
	)
	b.must(err)
}

func TestALostNetworkIsToldAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	user := visit(t, s)
	user.send("Hello")
	user.sees("#w-head", "anna")
	user.connected(false)
	user.sees(".w-lost", "Your messages will be sent")
	user.send("Written on the train")
	user.sees(mine+" .status", "Will be sent")
	user.connected(true)
	user.until("the line to be back", "root.documentElement.dataset.live === 'live'")
	user.sees(mine, "Written on the train")
	user.gone(".w-lost")
	user.status("sent")
}

func TestTooManyMessagesWaitAsLongAsTheyMust(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.RateSend = 2 })
	s.online("anna")
	user := visit(t, s)
	for _, words := range []string{"One", "Two", "Three"} {
		user.send(words)
	}
	user.sees("#composer-say", "Try again in")
	user.sees(mine, "Three")
	user.sees(mine+` .status`, "Sending")
}

func TestThePanelWorksByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	const inShadow = `document.querySelector("#parley")?.shadowRoot`
	b.until("the button", inShadow+`?.querySelector("button")`)
	_, err := eval[bool](b, `(`+inShadow+`.querySelector("button").focus(), true)`)
	b.must(err)
	b.press("\r")
	user := b.frame()
	user.until("the field to have the focus", `root.activeElement?.id === "composer-text"`)
	b.press("Where is my card?")
	b.press("\r")
	user.sees(mine, "Where is my card?")
	user.sees("#w-head", "anna")
	b.press("\x1b")
	b.until(
		"the panel closed and the button in focus",
		inShadow+`.querySelector("section").hidden && `+inShadow+`.activeElement?.tagName === "BUTTON"`,
	)
}

func TestThePanelWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	b := newBrowser(t)
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.must(err)
	b.open(s.url + "/widget?lang=en")
	b.write("#composer-text", "A plain question")
	b.click("#composer .send")
	b.sees(mine, "A plain question")
	b.sees("#w-head", "anna")
	b.write("#composer-text", "And more")
	b.click("#composer .send")
	b.sees(mine, "And more")
	chat := s.onlyChat(agent)
	_, _, err = s.desk.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: "A plain answer"})
	s.must(err)
	b.reload()
	b.sees(theirs, "A plain answer")
	b.click(".w-more summary")
	b.click(".w-more button")
	b.sees("#w-sheet", "You ended the chat.")
	b.click("#w-sheet input[value='5']")
	b.click("#w-sheet [data-rate] button[type=submit]")
	b.sees("#w-sheet", "Thank you")
	b.click("#w-sheet [data-again]")
	b.sees("#w-hello")
}

// TestAnUnsentRatingSurvivesARedraw renders the panel again while the user chooses a rating, as when the agent reads a last message.
func TestAnUnsentRatingSurvivesARedraw(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/widget?site=Kestrel")
	b.send("Where is my parcel?")
	b.status("sent")
	chat := s.onlyChat(agent)
	redraw := func(status models.MessageStatus) {
		t.Helper()
		_, err := s.desk.ConfirmAll(t.Context(), models.AgentActor(agent), chat.ID, status)
		s.must(err)
		b.status(string(status))
	}
	_, err := s.desk.End(t.Context(), models.AgentActor(agent), chat.ID, "")
	s.must(err)
	b.click("#w-sheet [data-rate] button[type=submit]")
	b.until("a choice to be missing", `root.querySelector('[name="rating"]').ariaInvalid === "true"`)
	redraw(models.Delivered)
	b.until("it to be missing still", `root.querySelector('[name="rating"]').ariaInvalid === "true"`)
	b.write("#w-comment", "Quick and kind")
	b.click("#w-sheet input[value='4']")
	b.focus("#w-sheet [data-rate] button[type=submit]")
	b.until("nothing to be missing", `root.querySelector('[name="rating"]').ariaInvalid === "false"`)
	redraw(models.Read)
	b.until("the choice to be kept", `root.querySelector("#w-sheet input[value='4']").checked`)
	b.until("the comment to be kept", `root.querySelector("#w-comment").value === "Quick and kind"`)
	b.click("#w-sheet [data-rate] button[type=submit]")
	b.sees("#w-sheet", "Thank you")
}

func TestThePanelIsAccessibleInEveryState(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.IdleWarning, now.IdleTimeout = 3*time.Second, time.Hour })
	agent, _ := s.agent("anna", models.RoleAgent)
	b := newBrowser(t)
	b.size(390, 844)
	for _, scheme := range []string{"light", "dark"} {
		for _, lang := range []string{"en", "zh-CN"} {
			state := func(name string) { b.accessible(strings.Join([]string{name, scheme, lang}, ", ")) }
			address := s.url + "/widget?site=Kestrel&lang=" + lang + "&theme=" + scheme
			b.open(address + "&after=" + b.attr("#w-now", "data-chat"))
			b.sees("#w-hello")
			state("offline")
			_, err := s.desk.SetPresence(t.Context(), models.AgentActor(agent), models.Online)
			s.must(err)
			b.reload()
			b.sees("#w-hello")
			state("greeting")
			_, err = s.desk.SetPresence(t.Context(), models.AgentActor(agent), models.Offline)
			s.must(err)
			b.send("押金什么时候可以退？ https://kestrel.example/help")
			b.sees("#w-place")
			state("waiting")
			_, err = s.desk.SetPresence(t.Context(), models.AgentActor(agent), models.Online)
			s.must(err)
			b.sees("#w-head", "anna")
			state("active")
			b.sees("#w-idle")
			state("countdown")
			b.click(".w-more summary")
			b.click(".w-more button")
			b.sees("#w-end")
			state("asked before the end")
			b.click("#w-end [data-yes]")
			b.sees("#w-sheet form")
			state("ended")
			b.click("#w-sheet input[value='4']")
			b.click("#w-sheet [data-rate] button[type=submit]")
			b.sees("#w-sheet .sheet-thanks")
			state("rated")
			_, err = s.desk.SetPresence(t.Context(), models.AgentActor(agent), models.Offline)
			s.must(err)
		}
	}
}
