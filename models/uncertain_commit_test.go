package models_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// heardWithin limits the time until a commit is announced once PostgreSQL responds.
const heardWithin = 2 * time.Second

// linked is a desk whose connection can lose the answers to commits.
type linked struct {
	*testDesk
	link        *testdb.Link
	anna, berta models.Actor
	user        models.Actor
	chatID      string
}

func newLinked(t *testing.T) *linked {
	t.Helper()
	database := testdb.Postgres(t)
	link := testdb.NewLink(t, database)
	l := &linked{testDesk: newTestDeskOn(t, link.URL, models.DefaultSettings()), link: link}
	l.anna = l.agent("anna", 5)
	l.user = l.testDesk.user("u1")
	l.chatID = l.ask("u1").Chat.ID
	l.berta = l.agent("berta", 5)
	return l
}

// announced waits until the current version of a chat was announced to its user and to the named agents.
func (l *linked) announced(chatID string, agents ...string) {
	l.t.Helper()
	version := l.chat(chatID).Version
	l.heard(func(e models.Event) bool {
		if e.Recheck == nil {
			return false
		}
		missing := slices.Clone(agents)
		found := false
		for _, c := range e.Recheck.Chats {
			if c.ChatID != chatID || c.Version != version {
				continue
			}
			found = true
			if c.AgentID != nil {
				missing = slices.DeleteFunc(missing, func(id string) bool { return id == *c.AgentID })
			}
		}
		return found && len(missing) == 0
	})
}

// heard waits for an event.
func (l *linked) heard(is func(models.Event) bool) {
	l.t.Helper()
	deadline := time.Now().Add(heardWithin)
	for {
		l.mu.Lock()
		found := slices.ContainsFunc(l.events, is)
		l.mu.Unlock()
		if found {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("not announced within %s", heardWithin)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (l *linked) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = nil
}

// unknown runs an operation and loses the answer to its commit.
func (l *linked) unknown(marker string, do func() error) {
	l.t.Helper()
	l.forget()
	loss := l.link.LoseAnswer(marker)
	err := do()
	l.refused(err, "database_unavailable")
	<-loss.Lost()
}

// lostAnswer is an operation that commits.
type lostAnswer struct {
	name   string
	before func(*linked) // makes it possible
	do     func(*linked) error
	retry  string // the code with which the retry is refused, "" where it is answered like the first
	agents func(*linked) []string
}

func annaHears(l *linked) []string     { return []string{l.anna.ID} }
func serviceHears(l *linked) []string  { return deref(l.chat(l.newestChat()).AgentID) }
func annaBertaHear(l *linked) []string { return []string{l.anna.ID, l.berta.ID} }
func ended(l *linked)                  { _, err := l.End(l.t.Context(), l.user, l.chatID, ""); l.must(err) }
func answered(l *linked)               { l.send(l.anna, l.chatID, "What can I do for you?") }
func noAgentIsOnline(l *linked)        { setPresence(l, models.Away) }
func setPresence(l *linked, p models.Presence) {
	for _, who := range []models.Actor{l.anna, l.berta} {
		_, err := l.SetPresence(l.t.Context(), who, p)
		l.must(err)
	}
}

func lostAnswers() []lostAnswer {
	return []lostAnswer{
		{name: "the user's message", agents: annaHears, do: func(l *linked) error {
			_, _, err := l.Send(l.t.Context(), l.user, l.chatID, models.NewMessage{Content: "Hello", ClientMessageID: "k1"})
			return err
		}},
		{name: "the agent's message", agents: annaHears, do: func(l *linked) error {
			_, _, err := l.Send(l.t.Context(), l.anna, l.chatID, models.NewMessage{Content: "你好", ClientMessageID: "k1"})
			return err
		}},
		{name: "a message in an open chat", agents: annaHears, do: func(l *linked) error {
			_, err := l.Assign(l.t.Context(), l.user.ID, models.AssignRequest{Message: "Hello", ClientMessageID: "k1"})
			return err
		}},
		{name: "an assignment", agents: serviceHears, before: ended, do: func(l *linked) error {
			a, err := l.Assign(l.t.Context(), l.user.ID, models.AssignRequest{Message: "Hello", ClientMessageID: "k1"})
			if err == nil {
				l.chatID = a.Chat.ID
			}
			return err
		}},
		{name: "joining the queue", before: func(l *linked) { ended(l); noAgentIsOnline(l) }, do: func(l *linked) error {
			a, err := l.Assign(l.t.Context(), l.user.ID, models.AssignRequest{})
			if err == nil {
				l.chatID = a.Chat.ID
			}
			return err
		}},
		{name: "the user's end", agents: annaHears, retry: "chat_ended", do: func(l *linked) error {
			_, err := l.End(l.t.Context(), l.user, l.chatID, "")
			return err
		}},
		{name: "the agent's end", agents: annaHears, retry: "chat_ended", do: func(l *linked) error {
			_, err := l.End(l.t.Context(), l.anna, l.chatID, "")
			return err
		}},
		{name: "a transfer", agents: annaBertaHear, retry: "chat_not_found", do: func(l *linked) error {
			_, err := l.Transfer(l.t.Context(), l.anna, l.chatID, models.TransferRequest{ServiceID: l.berta.ID, Note: "She knows more"})
			return err
		}},
		{
			name:   "a transfer to the queue",
			agents: annaHears,
			retry:  "chat_not_found",
			before: func(l *linked) { setPresence(l, models.Away) },
			do: func(l *linked) error {
				_, err := l.Transfer(l.t.Context(), l.anna, l.chatID, models.TransferRequest{})
				return err
			},
		},
		{name: "an assignment by hand", agents: annaBertaHear, retry: "already_assigned", do: func(l *linked) error {
			_, err := l.AssignByHand(l.t.Context(), admin, l.chatID, l.berta.ID)
			return err
		}},
		{name: "a rating", agents: annaHears, retry: "already_rated", before: ended, do: func(l *linked) error {
			return l.Rate(l.t.Context(), l.user, l.chatID, 4.5, "Good")
		}},
		{name: "a delivery", agents: annaHears, before: answered, do: func(l *linked) error {
			_, err := l.ConfirmAll(l.t.Context(), l.user, l.chatID, models.Delivered)
			return err
		}},
		{name: "a reading", agents: annaHears, before: answered, do: func(l *linked) error {
			_, err := l.ConfirmAll(l.t.Context(), l.user, l.chatID, models.Read)
			return err
		}},
		{name: "a note", agents: annaHears, do: func(l *linked) error {
			_, err := l.AddNote(l.t.Context(), l.anna, l.chatID, "Be kind")
			return err
		}},
		{name: "a file", agents: annaHears, do: func(l *linked) error {
			_, _, err := l.SendFile(l.t.Context(), l.user, l.chatID, l.letter("k1"))
			return err
		}},
	}
}

// marker is a text in the statements of an operation that no concurrent statement contains.
func (l *linked) marker(name string) string {
	if name == "an assignment" || name == "joining the queue" {
		return "'" + l.user.ID + "'"
	}
	return l.chatID
}

// TestACommitWhoseAnswerIsLostIsAnnounced breaks the connection after PostgreSQL has committed and before it responds.
func TestACommitWhoseAnswerIsLostIsAnnounced(t *testing.T) {
	t.Parallel()
	for _, c := range lostAnswers() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLinked(t)
			if c.before != nil {
				c.before(l)
			}
			l.unknown(l.marker(c.name), func() error { return c.do(l) })
			if !l.HasUncertainCommits() {
				t.Error("it is not remembered that something was not announced")
			}
			l.announced(l.newestChat(), l.who(c)...)
		})
	}
}

// TestWhatAnswersARetryIsAnnounced checks a retry on another instance after the instance that made the change is gone.
func TestWhatAnswersARetryIsAnnounced(t *testing.T) {
	t.Parallel()
	for _, c := range lostAnswers() {
		if c.name == "a note" { // which has no key
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLinked(t)
			if c.before != nil {
				c.before(l)
			}
			l.must(c.do(l)) // received only by this instance
			other := &linked{
				testDesk: newTestDeskOn(t, l.url, models.DefaultSettings()),
				anna:     l.anna,
				berta:    l.berta,
				user:     l.user,
				chatID:   l.chatID,
			}
			err := c.do(other)
			if models.CodeOf(err) != c.retry {
				t.Fatalf("the retry: %v, want %q", err, c.retry)
			}
			other.announced(l.newestChat(), deref(l.chat(l.newestChat()).AgentID)...)
		})
	}
}

func deref(id *string) []string {
	if id == nil {
		return nil
	}
	return []string{*id}
}

// who must be notified.
func (l *linked) who(c lostAnswer) []string {
	if c.agents == nil {
		return nil
	}
	return c.agents(l)
}

// newestChat returns the chat of a test case.
func (l *linked) newestChat() string {
	l.t.Helper()
	chats, err := l.ChatsOfUser(l.t.Context(), l.user.ID)
	l.must(err)
	return chats[0].ID
}

// TestACommitThatComesLateIsAnnounced checks a statement that reaches PostgreSQL only after the caller has given up, as
// when PostgreSQL hangs.
func TestACommitThatComesLateIsAnnounced(t *testing.T) {
	t.Parallel()
	for _, c := range lostAnswers()[:6] {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLinked(t)
			if c.before != nil {
				c.before(l)
			}
			chats, err := l.ChatsOfUser(t.Context(), l.user.ID)
			l.must(err)
			loss := l.link.DelayCommit(l.marker(c.name))
			l.refused(c.do(l), "database_unavailable")
			<-loss.Lost()
			l.heardNothingNew(chats)
			l.forget()
			loss.Deliver()
			l.announced(l.newestChat(), l.who(c)...)
		})
	}
}

// heardNothingNew lets the desk query PostgreSQL once and compares its announcements with the stored state.
func (l *linked) heardNothingNew(stored []models.Chat) {
	l.t.Helper()
	<-time.After(600 * time.Millisecond)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if e.Recheck == nil {
			continue
		}
		for _, c := range e.Recheck.Chats {
			if !slices.ContainsFunc(stored, func(s models.Chat) bool { return s.ID == c.ChatID && s.Version >= c.Version }) {
				l.t.Errorf("version %d of chat %s was announced, which is not committed", c.Version, c.ChatID)
			}
		}
	}
}

// TestABatchWhoseAnswerIsLostIsAnnounced loses the answer to a commit with messages of several chats.
func TestABatchWhoseAnswerIsLostIsAnnounced(t *testing.T) {
	t.Parallel()
	l := &linked{}
	database := testdb.Postgres(t)
	l.link = testdb.NewLink(t, database)
	l.testDesk = newTestDeskOn(t, l.link.URL, models.DefaultSettings())
	anna := l.agent("anna", 20)
	users, chats := make([]models.Actor, 12), make([]string, 12)
	for i := range chats {
		users[i] = l.testDesk.user(fmt.Sprint("u", i))
		chats[i] = l.ask(users[i].ID).Chat.ID
	}
	for round := range 20 {
		content := func(i int) string { return fmt.Sprintf("round %d, chat %d.", round, i) }
		l.forget()
		loss := l.link.LoseAnswer(content(6)) // which is seldom the first, and then shares its statement
		failed := make([]error, len(chats))
		var all sync.WaitGroup
		for i, id := range chats {
			all.Go(func() { _, _, failed[i] = l.Send(t.Context(), users[i], id, models.NewMessage{Content: content(i)}) })
		}
		<-loss.Lost()
		all.Wait()
		lost := 0
		for i, id := range chats {
			if failed[i] != nil {
				lost++
				l.refused(failed[i], "database_unavailable")
				l.announced(id, anna.ID)
			}
		}
		if lost > 1 {
			return
		}
	}
	t.Error("no batch lost its answer")
}

// TestOtherCommitsWhoseAnswersAreLost covers presence, sign-outs and settings.
func TestOtherCommitsWhoseAnswersAreLost(t *testing.T) {
	t.Parallel()
	t.Run("presence", func(t *testing.T) {
		t.Parallel()
		l := newLinked(t)
		l.unknown("'"+l.berta.ID+"'", func() error { _, err := l.SetPresence(t.Context(), l.berta, models.Away); return err })
		l.heard(func(e models.Event) bool { return e.Recheck != nil && e.Recheck.Queue })
	})
	for name, do := range map[string]func(*linked) error{
		"a setting":  func(l *linked) error { return l.ChangeSetting(t.Context(), admin, "RATE_SEND", "77") },
		"a sign-out": func(l *linked) error { return l.SetPassword(t.Context(), admin, l.anna.ID, "another password") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLinked(t)
			before, _, err := l.UnpublishedCommits(t.Context())
			l.must(err)
			marker := map[string]string{"a setting": "RATE_SEND", "a sign-out": "'" + l.anna.ID + "'"}[name]
			l.unknown(marker, func() error { return do(l) })
			deadline := time.Now().Add(heardWithin)
			for now := before; now == before; {
				if time.Now().After(deadline) {
					t.Fatal("the other instances are not told to read everything again")
				}
				now, _, err = l.UnpublishedCommits(t.Context())
				l.must(err)
			}
		})
	}
}

// TestRoomOfAnUncertainEndIsUsed checks that a waiting user is assigned to the agent whose chat was ended by a commit without an answer.
func TestRoomOfAnUncertainEndIsUsed(t *testing.T) {
	t.Parallel()
	database := testdb.Postgres(t)
	link := testdb.NewLink(t, database)
	l := &linked{testDesk: newTestDeskOn(t, link.URL, models.DefaultSettings()), link: link}
	l.anna = l.agent("anna", 1)
	l.user = l.testDesk.user("u1")
	l.chatID = l.ask("u1").Chat.ID
	waiting := l.ask("u2").Chat.ID
	l.unknown(l.chatID, func() error { _, err := l.End(t.Context(), l.user, l.chatID, ""); return err })
	deadline := time.Now().Add(heardWithin)
	for l.chat(waiting).Status != models.Active {
		if time.Now().After(deadline) {
			t.Fatal("the queue was not drained")
		}
	}
}
