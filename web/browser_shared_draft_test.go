package web_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// filledWith waits until the composer of the workbench has a text.
func (b *browser) filledWith(text string) {
	b.t.Helper()
	b.until("the text "+text+" in the composer", `root.querySelector("#composer-text")?.value === `+quote(text))
}

// keptDrafts returns what the server has of an agent, as "anna reply: text", sorted.
func (s *site) keptDrafts(a *models.Agent) (all []string) {
	s.t.Helper()
	drafts, err := s.desk.Drafts(s.t.Context(), models.AgentActor(a))
	s.must(err)
	for i := range drafts {
		all = append(all, fmt.Sprintf("%s %s: %s", drafts[i].AgentName, drafts[i].Kind, drafts[i].Content))
	}
	slices.Sort(all)
	return all
}

func (s *site) keeps(a *models.Agent, want ...string) {
	s.t.Helper()
	s.until(fmt.Sprintf("the drafts to be %q", want), func() bool { return fmt.Sprint(s.keptDrafts(a)) == fmt.Sprint(want) })
}

// What an agent types is on every device of the agent, survives a crash of the page, and is gone when it was sent.
func TestADraftIsTheSameOnEveryDevice(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.online("anna")
	s.holds("Where is my parcel?")
	desk, phone := newBrowser(t), newBrowser(t)
	for _, b := range []*browser{desk, phone} {
		b.signIn(s, "anna", "/workbench")
	}
	phone.size(390, 844)
	desk.pick()
	desk.write("#composer-text", "It is on")
	phone.sees("#list .row [data-draft]", "It is on") // in the list, before the chat is opened
	phone.pick()
	phone.filledWith("It is on")
	desk.press(" its way")
	phone.filledWith("It is on its way")
	desk.press("\x1b")
	desk.click(`#composer [role=tab][data-kind=note]`)
	desk.write("#composer-text", "Ask the carrier")
	s.keeps(anna, "anna note: Ask the carrier", "anna reply: It is on its way")
	phone.click(`#composer [role=tab][data-kind=note]`)
	phone.filledWith("Ask the carrier")
	phone.click(`#composer [role=tab][data-kind=reply]`)

	// A page that is closed at once has saved its last words.
	desk.click(`#composer [role=tab][data-kind=reply]`)
	desk.write("#composer-text", "Closed in the middle of a sen")
	desk.open("about:blank")
	phone.filledWith("Closed in the middle of a sen")
	// A page that crashes has saved what was typed a second before.
	phone.write("#composer-text", "Crashed")
	s.keeps(anna, "anna note: Ask the carrier", "anna reply: Crashed")
	go func() { _, _ = chromedp.Call(phone.ctx, page.Crash, cdp.Empty{}) }() // nothing answers
	tablet := newBrowser(t)
	tablet.signIn(s, "anna", "/workbench")
	tablet.pick()
	tablet.filledWith("Crashed")
	desk.open(s.url + "/workbench")
	desk.pick()
	desk.filledWith("Crashed") // though this browser has kept an older text
	tablet.focus("#composer-text")
	tablet.press(" and sent\r")
	desk.filledWith("")
	s.keeps(anna, "anna note: Ask the carrier")
}

// Of two texts for one draft neither is lost: the agent chooses.
func TestOfTwoTextsForOneDraftTheAgentChooses(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.online("anna")
	chat := s.holds("Where is my parcel?")
	b := newBrowser(t)
	b.signIn(s, "anna", "/workbench")
	b.pick()
	elsewhere := func(content string) {
		t.Helper()
		n := models.NewDraft{Kind: models.DraftReply, Content: content}
		_, err := s.elsewhere().SaveDraft(t.Context(), models.AgentActor(anna), chat, n)
		s.must(err)
	}
	conflict := func(mine, other string) {
		t.Helper()
		b.write("#composer-text", mine)
		elsewhere(other)
		b.sees("#composer-draft", other, "another tab or on another device")
		b.filledWith(mine)
	}
	conflict("Mine", "Typed elsewhere")
	b.accessible("the choice between two texts")
	b.looksLike("draft-newer")
	b.click("#composer-draft [data-discard]")
	b.gone("#composer-draft")
	s.keeps(anna, "anna reply: Mine")
	conflict("Mine again", "Typed elsewhere again")
	b.click("#composer-draft [data-take]")
	b.filledWith("Typed elsewhere again")
	b.gone("#composer-draft")
	s.keeps(anna, "anna reply: Typed elsewhere again")
}

// The agent who gets a chat sees what was left there and takes it over or discards it.
func TestTheNextAgentSeesTheDraftThatWasLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.online("anna")
	chat := s.holds("Where is my parcel?")
	bob, _ := s.online("bob")
	first, next := newBrowser(t), newBrowser(t)
	first.signIn(s, "anna", "/workbench")
	first.pick()
	first.write("#composer-text", "I have asked the carrier")
	s.keeps(anna, "anna reply: I have asked the carrier")
	first.click(`#composer [role=tab][data-kind=note]`)
	first.write("#composer-text", "Call back on Monday")
	s.keeps(anna, "anna note: Call back on Monday", "anna reply: I have asked the carrier")
	next.signIn(s, "bob", "/workbench")
	next.until("the live stream", `root.documentElement.dataset.live === "live"`)
	_, err := s.desk.Transfer(t.Context(), models.AgentActor(anna), chat, models.TransferRequest{ServiceID: bob.ID})
	s.must(err)
	next.pick()
	next.sees("#composer-draft", "anna left this draft of a note", "Call back on Monday")
	for _, l := range looks {
		next.as(l)
		next.open(s.url + "/workbench/chats/" + chat + "?lang=" + l.lang)
		next.sees("#composer-draft", "Call back on Monday")
		next.accessible("a draft that was left, " + l.name)
		next.looksLike("draft-left-" + l.name)
	}
	next.as(looks[0])
	next.open(s.url + "/workbench/chats/" + chat + "?lang=en")
	next.sees("#composer-draft", "Call back on Monday")
	next.focus("#composer-draft [data-discard]")
	next.press("\r")
	next.sees("#composer-draft", "anna left this draft", "I have asked the carrier")
	s.keeps(bob, "anna reply: I have asked the carrier")
	next.write("#composer-text", "Hello")
	next.focus("#composer-draft [data-take]")
	next.press("\r")
	next.filledWith("Hello\n\nI have asked the carrier")
	next.gone("#composer-draft")
	s.keeps(bob, "bob reply: Hello\n\nI have asked the carrier")
	next.reload()
	next.filledWith("Hello\n\nI have asked the carrier")
	// The chat comes back without what was taken over.
	_, err = s.desk.Transfer(t.Context(), models.AgentActor(bob), chat, models.TransferRequest{ServiceID: anna.ID})
	s.must(err)
	first.sees("#composer-draft", "bob left this draft")
	first.filledWith("")
}
