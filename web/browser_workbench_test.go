package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// atWork is the browser of an online agent with the workbench open.
func atWork(t *testing.T, s *site, name string, change ...func(*models.NewAgent)) *browser {
	t.Helper()
	s.agent(name, models.RoleAgent, change...)
	b := newBrowser(t)
	b.signIn(s, name, "/workbench")
	b.until("the stream", `root.documentElement.dataset.live === "live"`)
	b.alt("KeyS")
	b.sees("#presence", "Away", "Offline")
	b.click(`#presence [formaction="/workbench/online"]`)
	b.sees("#presence-btn", "Online")
	return b
}

// alt presses Alt and a key by its position on the keyboard.
func (b *browser) alt(code string) {
	b.t.Helper()
	_, err := eval[bool](
		b,
		fmt.Sprintf(
			`root.activeElement.dispatchEvent(new KeyboardEvent("keydown", {code: %q, altKey: true, bubbles: true, cancelable: true}))`,
			code,
		),
	)
	b.must(err)
}

// says sends a message of the user through the API.
func (s *site) says(token, chat, words string) {
	s.t.Helper()
	s.ask("POST", "/api/user/customer-service/chats/"+chat+"/messages", token, map[string]any{"content": words}).want(201)
}

// asksOf starts a chat and returns the token of the user and the id of the chat.
func (s *site) newChat(words string) (token, chat string) {
	s.t.Helper()
	_, token = s.guest()
	return token, s.asks(token, words)
}

func rowOf(chat string) string { return "#row-" + chat }

func TestAnAgentIsGivenAChatAnswersAndEndsIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	b.sees("#main", "You are ready")
	token, chat := s.newChat("Where is my card?")

	b.sees(rowOf(chat), "Where is my card?", "New", "1")
	b.sees(".toast", "New chat: ", "Where is my card?")
	b.until("the count in the title", `document.title.startsWith("(1) ")`)
	b.alt("KeyN")
	b.sees("#thread", "Where is my card?")
	b.gone(".toast")
	b.until("the composer to have the focus", `document.activeElement.id === "composer-text"`)
	b.until("the message to be read", `!document.title.startsWith("(")`)

	s.ask("POST", "/api/user/customer-service/chats/"+chat+"/typing", token, map[string]any{}).want(204)
	b.sees("#typing", "is typing")
	b.write("#composer-text", "It left this morning.")
	b.press("\r")
	b.sees("#thread .msg-own", "It left this morning.", "Sent")
	b.sees("#list-answered "+rowOf(chat), "You: It left this morning.")
	last := s.ask("GET", "/api/user/customer-service/chats/"+chat+"/messages", token, nil).want(200).list()
	id := last[len(last)-1]["id"]
	s.ask("POST", "/api/user/customer-service/chats/"+chat+"/mark-delivered", token, map[string]any{"up_to": id}).want(200)
	b.sees("#thread .msg-own", "screen")
	s.ask("POST", "/api/user/customer-service/chats/"+chat+"/mark-read", token, map[string]any{"up_to": id}).want(200)
	b.sees("#thread .msg-own", "Read")

	b.alt("KeyE")
	b.sees("#end", "End the chat with")
	b.write("#end-comment", "The card is on its way")
	b.press("\r")
	b.sees(".closed", "You ended this chat.", "Closing note: The card is on its way", "Not rated yet")
	b.sees("#list-ended " + rowOf(chat))
	b.sees("#me", "0 of 5")
	s.ask("POST", "/api/user/customer-service/chats/"+chat+"/rate", token, map[string]any{"rating": 4.5, "comment": "Quick."}).want(200)
	b.sees(".closed", "4.5 of 5", "Quick.")
}

func TestTheListIsOrderedByWhoWaitsLongestAndHeldUnderThePointer(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, first := s.newChat("First question")
	b.sees(rowOf(first))
	_, second := s.newChat("Second question")
	const order = `[...root.querySelectorAll("#list .row")].map((r) => r.dataset.chat).join()`
	b.until("the first to be first", order+"==="+quote(first+","+second))

	b.pointAt("#list .list-h")
	b.alt("KeyN")
	b.sees("#thread", "First question")
	b.write("#composer-text", "Here is your answer")
	b.press("\r")
	b.sees("#held", "1 update held")
	b.sees("#list-awaiting "+rowOf(first), "You: Here is your answer")
	b.pointAt("#main .talk-h")
	b.until("the second to be first", order+"==="+quote(second+","+first))
	b.gone("#held")
	b.alt("KeyJ")
	b.sees("#thread", "Second question")
	b.alt("Digit2")
	b.sees("#thread", "First question")
}

func TestANewChatIsSeenThoughThePointerLiesOnTheList(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, first := s.newChat("First question")
	b.sees(rowOf(first))
	b.pointAt("#list .list-h")
	_, second := s.newChat("Second question")
	b.sees(rowOf(second), "Second question")
}

func TestDraftsAreKeptForEachChat(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, first := s.newChat("First question")
	b.sees(rowOf(first))
	_, second := s.newChat("Second question")
	b.click(rowOf(first))
	b.sees("#thread", "First question")
	b.write("#composer-text", "Half an answer")
	b.alt("KeyP")
	b.write("#composer-text", "Half a note")
	b.click(rowOf(second))
	b.sees("#thread", "Second question")
	b.sees(rowOf(first), "Draft:", "Half an answer")
	b.until("an empty composer", `root.getElementById("composer-text").value === ""`)
	b.reload()
	b.click(rowOf(first))
	b.until("the draft to be back", `root.getElementById("composer-text")?.value === "Half an answer"`)
	b.alt("KeyP")
	b.until("the note to be back", `root.getElementById("composer-text").value === "Half a note"`)
	b.press("\r")
	b.sees("#thread .msg-note", "Half a note", "only agents see this")
}

func TestGoingOfflineReturnsTheChats(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, chat := s.newChat("Are you there?")
	b.sees(rowOf(chat))
	b.alt("KeyN")
	b.sees("#thread", "Are you there?")
	b.alt("KeyS")
	b.sees("#presence", "Your chat goes to the front of the queue")
	b.click(`#presence [formaction="/workbench/offline"]`)
	b.sees("#presence-btn", "Offline")
	b.sees("#strip", "1", "waiting", "none for you while you are offline")
	b.sees(".closed", "back in the queue")
	b.gone(rowOf(chat))
}

func TestTheWorkbenchComesBackAfterARestart(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	token, chat := s.newChat("Before the restart")
	b.sees(rowOf(chat))
	b.alt("KeyN")
	b.sees("#thread", "Before the restart")
	s.stop()
	b.sees(".live", "Reconnecting")
	b.write("#composer-text", "Written while it was away")
	b.press("\r")
	b.sees("#thread .msg-own", "Written while it was away", "Will be sent")
	s.start()
	s.says(token, chat, "Sent while disconnected")
	b.sees("#thread", "Sent while disconnected")
	b.sees(".live", "Live")
	// The order is not fixed: the reply was sent first, or it waits because the user wrote first.
	const asked, sent = `root.querySelector("[data-ask]:not([hidden])")`, `root.querySelector('#thread .msg-own[data-status="sent"]')`
	b.until("the reply to be sent or asked about", asked+" || "+sent)
	if waits, err := eval[bool](b, "Boolean("+asked+")"); err == nil && waits {
		b.click("[data-send-now]")
	}
	b.sees("#thread .msg-own", "Written while it was away", "Sent")
	if n := strings.Count(b.text("#thread"), "Written while it was away"); n != 1 {
		t.Errorf("the message is there %d times", n)
	}
}

func TestManyTabsOfTheWorkbenchShareOneStream(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	token, chat := s.newChat("How many are you?")
	b.sees(rowOf(chat))
	tabs := []*browser{b}
	for range 7 { // with a stream each, the seventh would not load
		ctx, cancel := chromedp.NewContext(b.ctx)
		t.Cleanup(cancel)
		tab := &browser{t: t, ctx: ctx, root: "document"}
		tab.open(s.url + "/workbench/chats/" + chat)
		tab.sees("#thread", "How many are you?")
		tabs = append(tabs, tab)
	}
	looks := 0
	s.until("the streams to be few", func() bool {
		if looks++; looks%100 == 1 { // a tab closes its stream when another tab has a live one
			s.ask("POST", "/api/user/customer-service/chats/"+chat+"/typing", token, map[string]any{}).want(204)
		}
		return s.hub.Streams(models.KindAgent) <= 2
	})
	s.says(token, chat, "Hello all of you")
	for _, tab := range tabs {
		tab.sees(rowOf(chat), "Hello all of you")
	}
	tabs[3].sees("#thread", "Hello all of you")
}

func TestLostContactIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.PresenceTimeout = 3 * time.Second })
	b := atWork(t, s, "anna")
	_, chat := s.newChat("Are you there?")
	b.sees(rowOf(chat))
	s.stop()
	b.sees("#lost", "because the connection was lost", "Your chat stays with you for a few minutes", "I’m back")
	s.start()
	b.click("#lost button")
	b.gone("#lost form")
	b.until("the stream", `root.documentElement.dataset.live === "live"`)
	b.sees("#presence-btn", "Online")
	b.sees(rowOf(chat), "Are you there?")
}

func TestTheWorkbenchWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, agent := s.online("anna")
	token, chat := s.newChat("A plain question")
	b := newBrowser(t)
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.must(err)
	b.signIn(s, "anna", "/workbench")
	b.click(rowOf(chat))
	b.sees("#thread", "A plain question")
	b.write("#composer-text", "A plain answer")
	b.click("#composer [data-send]")
	b.sees("#thread", "A plain answer")
	b.write("#composer-text", "A plain note")
	b.click("#composer .no-scripts")
	b.sees("#thread .msg-note", "A plain note")
	b.click(`[data-dialog="end"]`)
	b.sees("#end")
	b.write("#end-comment", "Done by hand")
	b.click("#end .btn-danger")
	b.sees(".closed", "You ended this chat.", "Done by hand")
	s.ask("GET", "/api/customer-service/status", agent, nil).want(200)
	s.ask("POST", "/api/user/customer-service/chats/"+chat+"/messages", token, map[string]any{"content": "Too late"}).
		refused(409, "chat_ended")
}

func TestTheKeysAreToldAndCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, chat := s.newChat("A question")
	b.sees(rowOf(chat))
	b.press("?")
	b.sees("#keys", "Longest waiting", "Transfer", "Presence")
	b.click("#keys [data-keys-on]")
	b.press("\x1b")
	b.gone("#keys")
	b.alt("KeyN")
	b.sees("#main", "No chat open")
	b.press("?")
	b.gone("#keys")
	b.click(`[data-open="keys"]`)
	b.click("#keys [data-keys-on]")
	b.click("#keys [data-close]")
	b.alt("KeyN")
	b.sees("#thread", "A question")
}

func TestTheWorkbenchIsAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, chat := s.newChat("押金什么时候可以退？")
	_, other := s.newChat("What about my card?")
	b.sees(rowOf(other))
	for _, l := range append(looks, look{"middle, light, Chinese", 1024, 768, "light", "zh-CN"}) {
		b.as(l)
		for _, path := range []string{"/workbench?", "/workbench/chats/" + chat + "?", "/workbench/chats/" + chat + "?dialog=transfer&", "/workbench/chats/" + chat + "?dialog=end&"} {
			b.open(s.url + path + "lang=" + l.lang)
			b.until("the stream", `root.documentElement.dataset.live === "live"`)
			b.accessible(strings.ReplaceAll(path, chat, "…") + ", " + l.name)
		}
	}
}
