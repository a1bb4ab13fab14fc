package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// visit opens the demo site as a new user, and the widget on it.
func visit(t *testing.T, s *site) *browser {
	t.Helper()
	b := newBrowser(t)
	b.open(s.url + "/demo")
	return b.launch()
}

// write sends a message in an open chat, or the first one.
func (b *browser) send(text string) {
	b.t.Helper()
	b.write("#composer-text", text)
	b.press("\r")
}

const (
	mine   = "#thread .msg-own"
	theirs = "#thread .msg:not(.msg-own, .sys)"
)

// status waits until the newest own message has a status.
func (b *browser) status(name string) {
	b.t.Helper()
	b.until("the newest message to be "+name, "[...root.querySelectorAll("+quote(mine)+")].at(-1)?.dataset.status === "+quote(name))
}

// pick opens the first chat of the list.
func (b *browser) pick() { b.t.Helper(); b.click("#list .row") }

// holds lets another user occupy capacity of an agent, by the API, and returns the id of the chat.
func (s *site) holds(question string) string {
	s.t.Helper()
	_, token := s.guest()
	return s.asks(token, question)
}

func (s *site) chatOf(userID string) models.Chat {
	s.t.Helper()
	chats, err := s.desk.ChatsOfUser(s.t.Context(), userID)
	s.must(err)
	if len(chats) != 1 {
		s.t.Fatalf("%s has %d chats", userID, len(chats))
	}
	return chats[0]
}

func TestAUserIsAssignedAtOnceAndBothSidesChat(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	agent := newBrowser(t)
	agent.signIn(s, "anna", "/workbench")
	user := visit(t, s)
	user.send("My card was declined at a pharmacy.")
	user.sees("#w-head", "anna")
	user.sees("#thread .sys", "anna")

	agent.pick()
	agent.sees(theirs, "My card was declined at a pharmacy.")
	agent.send("Hello, I can see the card.")
	user.sees(theirs, "Hello, I can see the card.")
	user.send("Thank you")
	agent.sees(theirs, "Thank you")
}

func TestTheQueueShowsThePositionUntilAnAgentIsFree(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	first := s.holds("I am with anna already")
	second := s.holds("I wait as the first")

	user := visit(t, s)
	user.send("I wait as the second")
	user.until("connecting before any number", "root.querySelector('#main').dataset.state === 'connecting'")
	user.sees("#w-place .q-place", "2")
	user.sees("#w-place", "You have waited")
	user.send("And I can write meanwhile")
	user.sees(mine, "And I can write meanwhile")

	_, err := s.desk.End(t.Context(), models.AgentActor(agent), first, "")
	s.must(err)
	user.sees("#w-place .q-place", "1")
	user.sees("#w-why", "one person was helped")
	_, err = s.desk.End(t.Context(), models.AgentActor(agent), second, "")
	s.must(err)
	user.gone("#w-place")
	user.sees("#w-head", "anna")
	user.sees("#thread .sys", "anna")
}

func TestTicksGoFromSentToRead(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	user := visit(t, s)
	user.send("Is anybody there?")
	user.status("sent") // not displayed to an agent yet

	agent := newBrowser(t)
	agent.signIn(s, "anna", "/workbench")
	user.status("delivered") // in the list, not opened
	agent.pick()
	user.status("read")
	user.sees(mine+" .status", "Read")
	agent.send("Yes")
	agent.status("read")
}

func TestSilenceIsWarnedAndThenEndsTheChat(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(settings *models.Settings) {
		settings.IdleWarning, settings.IdleTimeout = 2*time.Second, 7*time.Second
	})
	agent, _ := s.online("anna")
	user := visit(t, s)
	user.send("Hello?")
	user.sees("#w-head", "anna")
	chat := s.onlyChat(agent)
	_, _, err := s.desk.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: "What can I do for you?"})
	s.must(err)
	user.sees("#w-idle")
	user.click("#w-idle [data-still-here] button")
	user.gone("#w-idle")
	if now := s.onlyChat(agent); now.WarnedAt != nil || now.Status != models.Active {
		t.Fatalf("after 'still here' the chat is %s, warned at %v", now.Status, now.WarnedAt)
	}
	user.sees("#w-idle") // warned again
	user.sees("#w-sheet", "without a message")
	ended := s.onlyChat(agent)
	if *ended.EndedReason != models.ReasonTimeout || *ended.EndedType != models.TypeUserInactive {
		t.Errorf("ended as %s, %s", *ended.EndedReason, *ended.EndedType)
	}
	if full := ended.EndedAt.Sub(*ended.WarnedAt); full < 5*time.Second {
		t.Errorf("ended %s after the warning", full)
	}
}

// onlyChat returns the only chat of an agent.
func (s *site) onlyChat(agent *models.Agent) models.Chat {
	s.t.Helper()
	var chats []models.AgentChat
	s.until("a chat of "+agent.Name, func() bool {
		var err error
		chats, err = s.desk.ChatsOfAgent(s.t.Context(), agent.ID, models.ChatFilter{})
		s.must(err)
		return len(chats) > 0
	})
	return chats[0].Chat
}

func TestAChatIsRatedOnceItHasEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench")
	user := visit(t, s)
	user.send("One question")
	bench.pick()
	bench.click(".talk-h [data-dialog=end]")
	bench.click("dialog[open] .btn-danger")

	user.sees("#w-sheet", "anna")
	user.click("#w-sheet input[value='4']")
	user.focus("#w-sheet input[value='4']")
	user.press(kb.ArrowLeft) // half a star less
	user.write("#w-comment", "Quick and friendly")
	user.click("#w-sheet [data-rate] button[type=submit]")
	user.sees("#w-sheet .sheet-thanks")
	rated := s.onlyChat(agent)
	if rated.Rating == nil || *rated.Rating != 3.5 || rated.RatingComment == nil || *rated.RatingComment != "Quick and friendly" {
		t.Errorf("rated %v with %v", rated.Rating, rated.RatingComment)
	}
	bench.sees(".closed", "3.5")
}

func TestAReloadInTheQueueKeepsThePlace(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	s.holds("I am with anna already")
	s.holds("I wait as the first")
	user := visit(t, s)
	user.send("I wait as the second")
	user.sees("#w-place .q-place", "2")
	before, _, err := s.desk.Queue(t.Context(), models.QueueFilter{})
	s.must(err)
	s.holds("I wait as the third")

	user.reload()
	user = user.frame()
	user.sees("#w-place .q-place", "2")
	user.sees(mine, "I wait as the second")
	after, _, err := s.desk.Queue(t.Context(), models.QueueFilter{})
	s.must(err)
	if len(after) != 3 || after[1].Chat.ID != before[1].Chat.ID || !after[1].Chat.QueuedAt.Equal(before[1].Chat.QueuedAt) {
		t.Errorf("before %v, after %v", before, after)
	}
	// On the next page of the site it is the same.
	user.open(s.url + "/demo/help")
	user.frame().sees("#w-place .q-place", "2")
}

func TestAfterARestartBothSeeWhatTheyMissed(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench")
	user := visit(t, s)
	user.send("Are you there?")
	bench.pick()
	bench.sees(theirs, "Are you there?")
	user.status("read")
	chat := s.onlyChat(agent)

	s.stop()
	user.until("the widget to say that the line is down", "root.documentElement.dataset.live === 'reconnecting'")
	user.send("I wrote this while you were away")
	// Another instance on the same database continues in the meantime.
	elsewhere := s.elsewhere()
	_, _, err := elsewhere.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: "First line from elsewhere"})
	s.must(err)
	_, _, err = elsewhere.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: "Second line from elsewhere"})
	s.must(err)
	s.start()

	user.sees(theirs, "First line from elsewhere")
	user.sees(theirs, "Second line from elsewhere")
	bench.sees(theirs, "I wrote this while you were away")
	user.until("each line once, in order", `[...root.querySelectorAll("#thread .msg:not(.sys) .say")].map((e) => e.innerText).join("|") ===
		"Are you there?|First line from elsewhere|Second line from elsewhere|I wrote this while you were away"`)
	bench.until(
		"the same on the agent's side",
		`[...root.querySelectorAll("#thread .msg:not(.sys) .say")].map((e) => e.innerText).join("|") ===
		"Are you there?|First line from elsewhere|Second line from elsewhere|I wrote this while you were away"`,
	)
}
