package models_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// visitor is an anonymous user with the session that a browser holds.
func (h *testDesk) visitor() (token string, who models.Actor) {
	h.t.Helper()
	token, u, err := h.StartUserSession(h.t.Context(), "en", "test")
	h.must(err)
	return token, models.UserActor(u.ID)
}

// identify identifies the holder of a session as the user with that id and returns the new session.
func (h *testDesk) identify(id, held string) string {
	h.t.Helper()
	token, u, err := h.Identify(h.t.Context(), models.Identity{ID: id, Name: "Name of " + id}, held, "test")
	h.must(err)
	if u.ID != id || !u.IsVerified {
		h.t.Fatalf("identified as %+v", u)
	}
	return token
}

// asks starts a chat of that user with a message.
func (h *testDesk) asks(who models.Actor, message string) *models.Chat {
	h.t.Helper()
	a, err := h.Assign(h.t.Context(), who.ID, models.AssignRequest{Message: message, ClientMessageID: "first"})
	h.must(err)
	h.settle()
	return h.chat(a.Chat.ID)
}

// said returns the messages of a chat, oldest first, with the kind of a system message in place of its text.
func (h *testDesk) said(chatID string) []string {
	h.t.Helper()
	messages, err := h.Messages(h.t.Context(), admin, chatID, 0, 200)
	h.must(err)
	words := make([]string, len(messages))
	for i, m := range messages {
		if words[i] = m.Content; m.SystemKind != nil {
			words[i] = "(" + *m.SystemKind + ")"
		}
	}
	return words
}

// signedOut counts how often the end of a session was announced.
func (h *testDesk) signedOut(token string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range h.events {
		if e.Kind == models.KindSignedOut && string(e.SessionHash) == string(models.HashToken(token)) {
			n++
		}
	}
	return n
}

func (h *testDesk) closed(token string) {
	h.t.Helper()
	_, _, _, err := h.UserBySession(h.t.Context(), token)
	h.refused(err, "unauthorized")
	if h.signedOut(token) == 0 {
		h.t.Error("the end of the session was not announced")
	}
}

func TestIdentifyingTakesAlongWhatThisBrowserSaid(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 5)
	held, anonymous := h.visitor()
	past := h.asks(anonymous, "An earlier question")
	_, err := h.End(t.Context(), anonymous, past.ID, "")
	h.must(err)
	now := h.asks(anonymous, "A question")
	_, stranger := h.visitor()
	foreign := h.asks(stranger, "Somebody else's")
	ticket, err := h.IssueTicket(t.Context(), anonymous, models.HashToken(held), time.Now().Add(time.Hour))
	h.must(err)

	token := h.identify("maria", held)
	h.closed(held)
	_, err = h.RedeemTicket(t.Context(), ticket)
	h.refused(err, "unauthorized")
	u, _, ends, err := h.UserBySession(t.Context(), token)
	h.must(err)
	if u.ID != "maria" || time.Until(ends) > 7*24*time.Hour {
		t.Errorf("the new session is %s's until %s", u.ID, ends)
	}
	chats, err := h.ChatsOfUser(t.Context(), "maria")
	h.must(err)
	if len(chats) != 2 || chats[0].ID != now.ID || chats[1].ID != past.ID {
		t.Fatalf("maria has %v", chats)
	}
	for _, before := range []*models.Chat{past, now} {
		changes := h.changes(before.ID)
		last := changes[len(changes)-1].Chat
		if last.UserID != "maria" || last.Version != h.chat(before.ID).Version || last.Version <= before.Version {
			t.Errorf("the last change says %s at version %d", last.UserID, last.Version)
		}
	}
	if got := h.chat(foreign.ID).UserID; got != stranger.ID {
		t.Errorf("a stranger's chat is now %s's", got)
	}
	_, err = h.UserByID(t.Context(), anonymous.ID)
	h.refused(err, "user_not_found")
	// A message that a browser sends again because it did not receive the response is not stored twice.
	m, created, err := h.Send(
		t.Context(),
		models.UserActor("maria"),
		now.ID,
		models.NewMessage{Content: "A question", ClientMessageID: "first"},
	)
	h.must(err)
	if created || m.SenderID != "maria" {
		t.Errorf("sent again it is %+v, created %v", m, created)
	}
	// The agent sees the name of the user.
	row, err := h.Desk.Chat(t.Context(), admin, now.ID)
	h.must(err)
	if row.UserName != "Name of maria" || !row.UserIsVerified {
		t.Errorf("the agent sees %s, verified %v", row.UserName, row.UserIsVerified)
	}
	if found := h.found(); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func TestAnotherPersonsChatsAreNeverTaken(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 5)
	held, _ := h.visitor()
	maria := h.identify("maria", held)
	chat := h.asks(models.UserActor("maria"), "Mine")
	ben := h.identify("ben", maria)
	h.closed(maria)
	if got := h.chat(chat.ID).UserID; got != "maria" {
		t.Fatalf("maria's chat is now %s's", got)
	}
	if chats, err := h.ChatsOfUser(t.Context(), "ben"); err != nil || len(chats) != 0 {
		t.Fatalf("ben has %v, %v", chats, err)
	}
	// Identified again as the same, the session stays.
	if again := h.identify("ben", ben); again != "" || h.signedOut(ben) != 0 {
		t.Errorf("the session of the same person was rotated to %q", again)
	}
	// On another device, and with an invalid session, the user finds the chat.
	for _, held := range []string{"", "nobody's"} {
		token := h.identify("maria", held)
		u, _, _, err := h.UserBySession(t.Context(), token)
		h.must(err)
		if open, err := h.OpenChats(t.Context(), models.UserActor(u.ID)); err != nil || len(open) != 1 || open[0].ID != chat.ID {
			t.Errorf("elsewhere maria finds %v, %v", open, err)
		}
	}
	// An agent's session is not the user's to end.
	agent, _, err := h.SignIn(t.Context(), "anna@example.com", "correct horse", "")
	h.must(err)
	_, _, err = h.Identify(t.Context(), models.Identity{ID: "maria"}, agent, "")
	h.must(err)
	_, _, _, err = h.AgentBySession(t.Context(), agent)
	h.refused(err, "")
}

func TestNoSignedIdHasTheFormOfAnAnonymousOne(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, anonymous := h.visitor()
	_, _, err := h.Identify(t.Context(), models.Identity{ID: anonymous.ID}, "", "")
	h.refused(err, "validation_failed")
	_, err = h.EnsureUser(t.Context(), models.Identity{ID: anonymous.ID, Verified: true})
	h.refused(err, "validation_failed")
	h.identify("anon-42", "")
}

// TestOfTwoOpenChatsOneGoesOn covers a chat started before signing in when the user already has an open one.
func TestOfTwoOpenChatsOneGoesOn(t *testing.T) {
	t.Parallel()
	const room, full = 5, 1
	for name, c := range map[string]struct {
		room                     int
		ownActive, broughtActive bool
		broughtGoesOn            bool
		reason                   string
		saidInKept               []string
	}{
		"both with an agent":         {room, true, true, false, models.ReasonUserEnded, []string{"Own question", "(joined)", "(brought)", "Brought question", "and more"}},
		"only the own with an agent": {full, true, false, false, models.ReasonCancelled, []string{"Own question", "(joined)", "(brought)", "Brought question", "and more"}},
		"only the brought one":       {full, false, true, true, models.ReasonCancelled, []string{"Brought question", "(joined)", "and more", "(brought)", "Own question"}},
		"both wait":                  {0, false, false, false, models.ReasonCancelled, []string{"Own question", "(brought)", "Brought question", "and more"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestDesk(t)
			anna := models.Actor{}
			if c.room > 0 {
				anna = h.agent("anna", c.room)
			}
			maria := h.user("maria")
			held, anonymous := h.visitor()
			var own, brought *models.Chat
			if c.broughtActive && !c.ownActive {
				brought, own = h.asks(anonymous, "Brought question"), h.asks(maria, "Own question")
			} else {
				own, brought = h.asks(maria, "Own question"), h.asks(anonymous, "Brought question")
			}
			h.send(anonymous, brought.ID, "and more")
			if own.Status == models.Active != c.ownActive || brought.Status == models.Active != c.broughtActive {
				t.Fatalf("own %s, brought %s", own.Status, brought.Status)
			}
			owed := h.chat(own.ID).AwaitingReplySince
			h.identify("maria", held)
			h.settle()

			keep, leave := h.chat(own.ID), h.chat(brought.ID)
			if c.broughtGoesOn {
				keep, leave = leave, keep
			}
			if !keep.IsOpen() || keep.UserID != "maria" || leave.IsOpen() || leave.UserID != "maria" {
				t.Fatalf("kept %s of %s, left %s of %s", keep.Status, keep.UserID, leave.Status, leave.UserID)
			}
			if *leave.EndedReason != c.reason || *leave.EndedType != models.TypeAuto {
				t.Errorf("it ended as %s, %s", *leave.EndedReason, *leave.EndedType)
			}
			if got := h.said(keep.ID); !slices.Equal(got, c.saidInKept) {
				t.Errorf("in the kept one: %q", got)
			}
			if got := h.said(leave.ID); got[len(got)-1] != "(goes_on)" {
				t.Errorf("in the left one: %q", got)
			}
			if keep.AwaitingReplySince == nil || keep.AwaitingReplySince.After(*owed) {
				t.Errorf("an answer is owed since %v, before it was %v", keep.AwaitingReplySince, owed)
			}
			changes := h.changes(keep.ID)
			if last := changes[len(changes)-1]; last.Chat.Version != keep.Version || last.Chat.UserID != "maria" {
				t.Errorf("announced last: version %d of %s", last.Chat.Version, last.Chat.UserID)
			}
			ends := h.changes(leave.ID)
			end := ends[slices.IndexFunc(ends, func(c models.Change) bool { return c.Ended })]
			if len(end.Messages) != 1 || *end.Messages[0].SystemKind != models.SystemGoesOn {
				t.Errorf("the end was announced with %v", end.Messages)
			}
			if c.room > 0 && h.load(anna) != 1 {
				t.Error("the slot of the chat that ended is not free")
			}
			if found := h.found(); len(found) != 0 {
				t.Errorf("found %v", found)
			}
		})
	}
}

// TestSigningInWithAMessage joins two open chats of which at least one is a message.
// A user who has a person or waits live for one keeps that when another chat is with a bot.
func TestOfTwoOpenChatsThatOfAPersonGoesOnBeforeThatOfABot(t *testing.T) {
	t.Parallel()
	const bot, waits, person, message = "bot", "waits", "person", "message"
	for _, c := range []struct {
		own, brought  string
		broughtGoesOn bool
	}{
		{bot, bot, false},
		{bot, waits, true},
		{bot, person, true},
		{bot, message, false},
		{waits, bot, false},
		{person, bot, false},
		{message, bot, true},
	} {
		t.Run(c.own+" and "+c.brought, func(t *testing.T) {
			t.Parallel()
			h := newTestDesk(t)
			h.bot("Bot", models.BotChange{})
			maria := h.user("maria")
			held, anonymous := h.visitor()
			start := func(who models.Actor, with, question string) *models.Chat {
				t.Helper()
				if with == message {
					a, err := h.LeaveMessage(t.Context(), who.ID, models.LeaveMessage{Email: "maria@example.com", Message: question})
					h.must(err)
					return h.chat(a.Chat.ID)
				}
				chat := h.asks(who, question)
				if with != bot {
					_, err := h.AskForPerson(t.Context(), who, chat.ID)
					h.must(err)
				}
				if with == person {
					anna := h.agent("anna", 5)
					h.has(chat.ID, anna.ID)
				}
				return h.chat(chat.ID)
			}
			own := start(maria, c.own, "Own question")
			brought := start(anonymous, c.brought, "Brought question")
			h.identify("maria", held)
			h.settle()
			keep, leave, before := h.chat(own.ID), h.chat(brought.ID), own
			if c.broughtGoesOn {
				keep, leave, before = leave, keep, brought
			}
			if !keep.IsOpen() || leave.IsOpen() || keep.UserID != "maria" {
				t.Fatalf("kept is %s, left %s", keep.Status, leave.Status)
			}
			if keep.Status != before.Status || keep.ServedBy() != before.ServedBy() {
				t.Errorf("kept is %s with %q, before it was %s with %q", keep.Status, keep.ServedBy(), before.Status, before.ServedBy())
			}
			if got := strings.Join(
				h.said(keep.ID),
				" ",
			); !strings.Contains(got, "Own question") ||
				!strings.Contains(got, "Brought question") {
				t.Errorf("in the kept one: %s", got)
			}
			h.sound()
		})
	}
}

func TestSigningInWithAMessage(t *testing.T) {
	t.Parallel()
	const live, left = models.ChannelChat, models.ChannelMessage
	for name, c := range map[string]struct {
		own, brought  models.Channel
		served        string // which of them an agent has
		broughtGoesOn bool
		channel       models.Channel // of the one that goes on
		address       string
		consent       string
	}{
		"a live question and a message":            {live, left, "", false, live, "guest@example.com", "We store your address."},
		"a message and a live question":            {left, live, "", false, live, "maria@example.com", "We store your address."},
		"two messages":                             {left, left, "", false, left, "maria@example.com", "We store your address."},
		"a message, and a live chat with an agent": {left, live, "brought", true, live, "maria@example.com", "We store your address."},
		"a live chat with an agent, and a message": {live, left, "own", false, live, "guest@example.com", "We store your address."},
		"a message that an agent has":              {left, live, "own", false, left, "maria@example.com", "We store your address."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestDesk(t)
			h.set("MESSAGE_CONSENT", "We store your address.")
			maria := h.user("maria")
			held, guest := h.visitor()
			begin := func(who models.Actor, channel models.Channel, email, question string) string {
				if channel == live {
					return h.asks(who, question).ID
				}
				got, err := h.LeaveMessage(t.Context(), who.ID, models.LeaveMessage{Email: email, Message: question, Consent: true})
				h.must(err)
				return got.Chat.ID
			}
			var own, brought string
			beginOwn := func() { own = begin(maria, c.own, "maria@example.com", "Own question") }
			beginBrought := func() { brought = begin(guest, c.brought, "guest@example.com", "Brought question") }
			first, second := beginOwn, beginBrought
			if c.served == "brought" {
				first, second = second, first
			}
			first()
			if c.served != "" { // the agent takes the first one, and none after that
				anna := h.agent("anna", 1)
				h.settle()
				_, err := h.SetPresence(t.Context(), anna, models.Away)
				h.must(err)
			}
			second()
			h.settle()
			active := 0
			for _, id := range []string{own, brought} {
				if h.chat(id).Status == models.Active {
					active++
				}
			}
			if (active == 1) != (c.served != "") {
				t.Fatalf("%d chats are with an agent", active)
			}
			h.identify("maria", held)
			h.settle()
			keep, leave := h.chat(own), h.chat(brought)
			if c.broughtGoesOn {
				keep, leave = leave, keep
			}
			if !keep.IsOpen() || keep.UserID != "maria" || leave.IsOpen() || leave.UserID != "maria" {
				t.Fatalf("kept %s of %s, left %s of %s", keep.Status, keep.UserID, leave.Status, leave.UserID)
			}
			if keep.Channel != c.channel || keep.ContactEmail == nil || *keep.ContactEmail != c.address {
				t.Errorf("it goes on as %s, answered to %v", keep.Channel, keep.ContactEmail)
			}
			if keep.ConsentedAt == nil || *keep.ConsentText != c.consent {
				t.Errorf("the user agreed to %v at %v", keep.ConsentText, keep.ConsentedAt)
			}
			for _, question := range []string{"Own question", "Brought question"} {
				n := 0
				for _, said := range h.said(keep.ID) {
					if said == question {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%q is there %d times: %q", question, n, h.said(keep.ID))
				}
			}
			if isUnattended := keep.UserSeenAt.Year() == 9999; isUnattended != keep.IsMessage() {
				t.Errorf("the user was seen at %s", keep.UserSeenAt)
			}
			if keep.AwaitingReplySince == nil {
				t.Error("no answer is owed")
			}
			h.consistent()
		})
	}
}

func TestWhatWasAnsweredIsNotSaidAgain(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	own := h.asks(h.user("maria"), "Own question")
	held, anonymous := h.visitor()
	brought := h.asks(anonymous, "Answered")
	h.send(anna, brought.ID, "The answer")
	h.identify("maria", held)
	if got := h.said(own.ID); !slices.Equal(got, []string{"Own question", "(joined)"}) {
		t.Errorf("in the own one: %q", got)
	}
	if got := h.said(brought.ID); !slices.Equal(got, []string{"Answered", "(joined)", "The answer", "(goes_on)"}) {
		t.Errorf("in the history: %q", got)
	}
	held, anonymous = h.visitor()
	brought = h.asks(anonymous, "Answered too")
	h.send(anna, brought.ID, "Another answer")
	h.send(anonymous, brought.ID, "One more thing")
	h.identify("maria", held)
	if got := h.said(own.ID); !slices.Equal(got, []string{"Own question", "(joined)", "(brought)", "One more thing"}) {
		t.Errorf("in the own one: %q", got)
	}
}

func TestTheBetterPlaceIsKept(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	held, anonymous := h.visitor()
	brought := h.asks(anonymous, "First come")
	between := h.asks(h.user("ben"), "In between")
	own := h.asks(h.user("maria"), "Later")
	_, err := h.SetPriority(t.Context(), admin, brought.ID, 7)
	h.must(err)
	h.identify("maria", held)
	queue, _, err := h.Queue(t.Context(), models.QueueFilter{})
	h.must(err)
	if len(queue) != 2 || queue[0].Chat.ID != own.ID || queue[1].Chat.ID != between.ID || queue[0].Chat.Priority != 7 ||
		!queue[0].Chat.QueuedAt.Equal(brought.QueuedAt) {
		t.Errorf("the queue is %+v", queue)
	}
}

// TestManyTabsIdentifyWhileTheyAsk runs everything concurrently: no user has two open chats, and no chat is left behind.
func TestManyTabsIdentifyWhileTheyAsk(t *testing.T) {
	t.Parallel()
	for range 6 {
		h := newTestDesk(t)
		h.agent("anna", 2)
		held, anonymous := h.visitor()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := h.Assign(t.Context(), anonymous.ID, models.AssignRequest{Message: "Before"})
				if code := models.CodeOf(err); err != nil && code != "unauthorized" && code != "chat_not_found" && code != "chat_ended" {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if _, err := h.EnsureUser(t.Context(), models.Identity{ID: "maria", Verified: true}); err != nil {
					t.Error(err)
				}
				if _, err := h.Assign(
					t.Context(),
					"maria",
					models.AssignRequest{Message: "Elsewhere"},
				); err != nil &&
					models.CodeOf(err) != "chat_ended" {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if _, _, err := h.Identify(t.Context(), models.Identity{ID: "maria", Name: "Maria"}, held, ""); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		h.settle()
		if found := h.found(); len(found) != 0 {
			t.Errorf("found %v", found)
		}
		var left int
		h.must(h.DB().NewRaw(`SELECT count(*) FROM chats WHERE user_id <> 'maria'`).Scan(t.Context(), &left))
		if left != 0 {
			t.Errorf("%d chats have no user", left)
		}
	}
}

func TestWhereAnIdentityIsRequiredNoUserIsAnonymous(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.must(h.ChangeSetting(t.Context(), admin, "REQUIRE_IDENTITY", "true"))
	_, _, err := h.StartUserSession(t.Context(), "en", "")
	h.refused(err, "identity_required")
	h.refused(h.ChangeSetting(t.Context(), admin, "REQUIRE_IDENTITY", "yes"), "validation_failed")
	h.identify("maria", "")
	h.must(h.ResetSetting(t.Context(), admin, "REQUIRE_IDENTITY"))
	h.visitor()
}

func TestLabelsAreNeverTakenForAnIdentity(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 5)
	held, anonymous := h.visitor()
	chat := h.asks(anonymous, "Hello")
	u, err := h.IntroduceUser(t.Context(), anonymous.ID, " Maria ", "maria@example.com")
	h.must(err)
	if *u.Name != "Maria" || *u.Email != "maria@example.com" || u.IsVerified {
		t.Errorf("introduced as %+v", u)
	}
	if n := len(h.changes(chat.ID)); h.chat(chat.ID).Version != chat.Version+1 || h.changes(chat.ID)[n-1].Chat.Version != chat.Version+1 {
		t.Error("the agent was not told of the name")
	}
	if u, err = h.IntroduceUser(t.Context(), anonymous.ID, "", "other@example.com"); err != nil || *u.Name != "Maria" {
		t.Errorf("what was not said changed: %+v, %v", u, err)
	}
	version := h.chat(chat.ID).Version
	if version != chat.Version+2 {
		t.Error("the agent was not told of the second address")
	}
	_, err = h.IntroduceUser(t.Context(), anonymous.ID, "Maria", "")
	h.must(err)
	if h.chat(chat.ID).Version != version {
		t.Error("the same again was told as news")
	}
	for _, bad := range [][2]string{{string(make([]rune, 81)), ""}, {"a\x00b", ""}, {"a\xff", ""}, {"", "not an address"}, {"", "Maria <maria@example.com>"}} {
		_, err = h.IntroduceUser(t.Context(), anonymous.ID, bad[0], bad[1])
		h.refused(err, "validation_failed")
	}
	h.identify("ben", held)
	_, err = h.IntroduceUser(t.Context(), "ben", "Administrator", "")
	h.refused(err, "identity_verified")
}

func TestANewNameIsToldWhereTheChatIsOpen(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 5)
	chat := h.asks(h.user("maria"), "Hello")
	_, err := h.EnsureUser(t.Context(), models.Identity{ID: "maria", Name: "Maria Lopes", Verified: true})
	h.must(err)
	changes := h.changes(chat.ID)
	if last := changes[len(changes)-1].Chat.Version; last != chat.Version+1 || h.chat(chat.ID).Version != last {
		t.Errorf("the last change is version %d, before the new name it was %d", last, chat.Version)
	}
}
