package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// longOffers lets offers stay open for as long as a test may look at them.
func longOffers(s *models.Settings) { s.OfferPeriod = 5 * time.Minute }

// offers opens the dialog of a transfer by keyboard, finds a target by typing and sends the offer.
func (b *browser) offers(find, wants string) {
	b.t.Helper()
	b.alt("KeyT")
	b.until("the field that finds agents", `root.activeElement?.matches("[data-taker-filter]")`)
	b.press(find + "\r")
	b.until("the first text", `root.activeElement?.name === "wants"`)
	b.press(wants)
	b.write("#offer-tried", "Sent a new parcel")
	b.write("#offer-promised", "An answer today")
	b.focus("#transfer .btn-primary")
	b.press("\r")
	b.gone("#transfer")
}

// A user, the agent who offers the chat and the agent who gets it, each in a browser of their own.
func TestAChatIsOfferedAndAccepted(t *testing.T) {
	t.Parallel()
	s := newSite(t, longOffers)
	anna := atWork(t, s, "anna")
	user := visit(t, s)
	user.send("I want my money back")
	user.sees("#w-head", "anna")
	ben := atWork(t, s, "ben", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	anna.alt("KeyN")
	anna.sees("#thread", "I want my money back")
	anna.write("#composer-text", "Half an answer")

	anna.offers("be", "A refund")
	anna.sees(".talk-offer", "Offered to ben", "Withdraw")
	anna.gone("#open .acts [data-dialog=transfer]")
	anna.until("the composer", `root.querySelector("#composer")`)
	ben.sees(
		"#offers .offer",
		"anna offers you this chat",
		"I want my money back",
		"A refund",
		"Sent a new parcel",
		"An answer today",
		"Accept",
	)
	ben.until("the announcement", `root.querySelector("#offer-says").textContent.includes("A refund")`)
	ben.until("the countdown of the server", `/^[0-4]:\d\d$/.test(root.querySelector("#offers .offer-left time").textContent)`)
	ben.until("the reserved place", `root.querySelector("#status-btn .slot-offered, .top-slots .slot-offered")`)

	ben.alt("KeyD")
	ben.sees(".offer-decline", "I am about to leave")
	ben.press("\r")
	ben.gone("#offers .offer")
	anna.sees(".toast", "ben declined the chat")
	anna.sees("#thread .sys", "ben declined the offer of this chat: I am busy with other chats")
	anna.gone(".talk-offer")

	anna.offers("be", "A refund")
	ben.sees("#offers .offer", "A refund")
	ben.alt("KeyA")
	ben.sees("#thread", "I want my money back")
	ben.sees("#hand-over", "Hand-over note from anna", "A refund", "Sent a new parcel", "An answer today")
	ben.sees("#composer-draft", "anna left this draft", "Half an answer")
	ben.gone("#offers .offer")
	anna.sees(".toast", "ben accepted the chat")
	anna.sees(".closed", "now with ben")
	user.sees("#w-head", "ben")
	user.sees("#thread .sys", "anna transferred your chat to ben")
	user.until("one line about it", `root.querySelectorAll("#thread .sys").length === 2`)
	ben.send("Hello, I am ben")
	user.sees(theirs, "Hello, I am ben")
	ben.reload()
	ben.sees("#hand-over", "A refund")
}

func TestAnOfferIsWithdrawnOrExpires(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(settings *models.Settings) { settings.OfferPeriod = 10 * time.Second })
	anna := atWork(t, s, "anna")
	_, chat := s.newChat("Can you help me?")
	anna.sees(rowOf(chat))
	ben := atWork(t, s, "ben", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	anna.alt("KeyN")
	anna.sees("#thread", "Can you help me?")
	anna.offers("be", "A refund")
	ben.sees("#offers .offer")
	anna.focus(".talk-offer .btn")
	anna.press("\r")
	anna.gone(".talk-offer")
	ben.gone("#offers .offer")
	ben.until("the announcement", `root.querySelector("#offer-says").textContent.includes("no longer offered")`)

	anna.offers("be", "A refund")
	ben.sees("#offers .offer")
	anna.sees(".toast", "ben did not answer")
	anna.sees("#thread .sys", "ben did not answer the offer")
	anna.gone(".talk-offer")
	ben.gone("#offers .offer")

	// An agent who is at capacity is not listed; one who has filled up in the meantime is refused in the dialog.
	anna.alt("KeyT")
	anna.sees("#transfer .taker", "ben", "0 of 1")
	other := s.holds("Another question") // ben has fewer chats
	ben.sees(rowOf(other))
	anna.press("ben\r")
	anna.write("#offer-wants", "A refund")
	anna.focus("#transfer .btn-primary")
	anna.press("\r")
	anna.sees("#transfer .error", "ben is at capacity")
	anna.reload()
	anna.alt("KeyT")
	anna.sees("#transfer", "No other agent can take a chat right now")

	// Back to the queue, with the note for the next agent.
	_, err := s.desk.SetPresence(t.Context(), models.AgentActor(s.agentNamed("anna")), models.Away)
	s.must(err)
	anna.click("#transfer .taker input[value=queue]")
	anna.write("#offer-wants", "A refund")
	anna.click("#transfer .btn-primary")
	anna.sees(".toast", "is in the queue")
	anna.gone(rowOf(chat))
}

func TestOffersLookRight(t *testing.T) {
	t.Parallel()
	s := newSite(t, longOffers)
	_, err := s.desk.AddDepartment(t.Context(), admin, "refunds", "Refunds")
	s.must(err)
	anna, ben := atWork(t, s, "anna"), newBrowser(t)
	userToken, chat := s.newChat("My parcel has not arrived, and I need my money back before Friday.")
	s.says(userToken, chat, "It is order 4711.")
	anna.sees(rowOf(chat))
	agent, _ := s.online("ben", func(n *models.NewAgent) { n.Departments = []string{"refunds"} })
	ben.signIn(s, "ben", "/workbench")
	boss := newBrowser(t)
	s.agent("carla", models.RoleSupervisor)
	boss.signIn(s, "carla", "/supervisor")
	for _, l := range looks {
		anna.as(l)
		anna.speaks(l.lang)
		anna.open(s.url + "/workbench/chats/" + chat + "?lang=" + l.lang)
		anna.until("the stream", `root.documentElement.dataset.live === "live"`)
		anna.alt("KeyT")
		anna.sees("#transfer .taker", "ben")
		anna.accessible("the dialog of a transfer, " + l.name)
		anna.looksLike("offer-dialog-" + l.name)
	}
	_, _, err = s.desk.OfferTransfer(t.Context(), models.AgentActor(s.agentNamed("anna")), chat, models.OfferRequest{
		ServiceID: agent.ID, Wants: "The money back before Friday.",
		Tried: "Asked the carrier twice: the parcel is lost.", Promised: "An answer today, by e-mail too.",
	})
	s.must(err)
	for _, l := range looks {
		for _, b := range []*browser{anna, ben, boss} {
			b.as(l)
			b.speaks(l.lang)
		}
		anna.open(s.url + "/workbench/chats/" + chat + "?lang=" + l.lang)
		anna.sees(".talk-offer", "ben")
		anna.accessible("an offered chat, " + l.name)
		anna.looksLike("offer-sent-" + l.name)
		ben.open(s.url + "/workbench?lang=" + l.lang)
		ben.sees("#offers .offer", "The money back")
		ben.until("the stream", `root.documentElement.dataset.live === "live"`)
		ben.accessible("the card of an offer, " + l.name)
		ben.looksLike("offer-card-" + l.name)
		ben.alt("KeyD")
		ben.sees(".offer-decline form")
		ben.accessible("the reasons, " + l.name)
		ben.looksLike("offer-decline-" + l.name)
		boss.open(s.url + "/supervisor?lang=" + l.lang)
		boss.sees("#agent-"+agent.ID, map[string]string{"en": "1 offered", "zh-CN": "待接受 1"}[l.lang])
		boss.accessible("the load with an offer, " + l.name)
		boss.looksLike("offer-load-" + l.name)
	}
	_, _, err = s.desk.AcceptOffer(t.Context(), models.AgentActor(agent), chat)
	s.must(err)
	for _, l := range looks {
		ben.as(l)
		ben.speaks(l.lang)
		ben.open(s.url + "/workbench/chats/" + chat + "?lang=" + l.lang)
		ben.sees("#hand-over", "The money back")
		ben.accessible("a hand-over note, " + l.name)
		ben.looksLike("offer-note-" + l.name)
		boss.as(l)
		boss.open(s.url + "/supervisor/chats/" + chat + "?lang=" + l.lang)
		boss.sees("#hand-over", "The money back")
		boss.accessible("a hand-over note for supervisors, " + l.name)
		boss.looksLike("offer-note-boss-" + l.name)
	}
}

// speaks sets the language of the browser, in which also the live stream draws the page.
func (b *browser) speaks(lang string) {
	b.t.Helper()
	agent, err := eval[string](b, "navigator.userAgent")
	b.must(err)
	_, err = chromedp.Call(
		b.ctx,
		emulation.SetUserAgentOverride,
		emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: lang},
	)
	b.must(err)
}

// agentNamed returns an agent of [testServer.agent].
func (s *site) agentNamed(name string) *models.Agent {
	s.t.Helper()
	a, err := s.desk.AgentByEmail(s.t.Context(), name+"@example.com")
	s.must(err)
	return a
}
