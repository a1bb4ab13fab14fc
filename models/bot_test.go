package models_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/models"
)

// bot adds a bot with a key and returns the actor that the key is.
func (h *testDesk) bot(name string, change models.BotChange) models.Actor {
	h.t.Helper()
	change.Name = &name
	b, err := h.AddBot(h.t.Context(), admin, change)
	h.must(err)
	h.botKey(b.ID)
	return h.botActor(b.ID)
}

func (h *testDesk) botActor(id string) models.Actor {
	h.t.Helper()
	a, err := h.AgentByID(h.t.Context(), id)
	h.must(err)
	return models.AgentActor(a)
}

func (h *testDesk) botKey(id string) *models.APIKey {
	h.t.Helper()
	k, _, err := h.AddAPIKey(h.t.Context(), admin, models.NewAPIKey{
		Name: "bot", Scopes: []string{string(models.ScopeWriteMessages)}, AgentID: id,
	})
	h.must(err)
	return k
}

// question starts a chat with a first message.
func (h *testDesk) askBot(user, department, question string) *models.Chat {
	h.t.Helper()
	a, err := h.Assign(h.t.Context(), h.user(user).ID, models.AssignRequest{Department: department, Message: question})
	h.must(err)
	return h.chat(a.Chat.ID)
}

func (h *testDesk) botOf(id string) models.Bot {
	h.t.Helper()
	bots, err := h.Bots(h.t.Context(), admin)
	h.must(err)
	for _, b := range bots {
		if b.ID == id {
			return b
		}
	}
	h.t.Fatalf("there is no bot %s", id)
	return models.Bot{}
}

// has checks which agent has a chat; with "" that it waits for one.
func (h *testDesk) has(chatID, agent string) {
	h.t.Helper()
	h.settle()
	c := h.chat(chatID)
	if c.ServedBy() != agent || agent == "" && c.Status != models.Waiting {
		h.t.Fatalf("the chat is %s with %q, want it with %q", c.Status, c.ServedBy(), agent)
	}
}

// kinds returns the kinds of the system messages of a chat and the texts of the others, as agents see them.
func (h *testDesk) kinds(chatID string) string {
	h.t.Helper()
	messages, err := h.Messages(h.t.Context(), admin, chatID, 0, 200)
	h.must(err)
	var kinds []string
	for _, m := range messages {
		if m.SystemKind != nil {
			kinds = append(kinds, *m.SystemKind)
			continue
		}
		kinds = append(kinds, m.Content)
	}
	return strings.Join(kinds, ", ")
}

func TestABotIsFirstInLine(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	anna := h.agent("anna", 5, "cards")
	cards := h.bot("Cardbot", models.BotChange{Departments: &[]string{"cards"}, ServesGeneral: new(bool), MaxConcurrent: new(2)})

	general := h.askBot("a", "", "hello")
	h.has(general.ID, anna.ID)
	first, second, third := h.askBot("b", "cards", "one"), h.askBot("c", "cards", "two"), h.askBot("d", "cards", "three")
	h.has(first.ID, cards.ID)
	h.has(second.ID, cards.ID)
	h.has(third.ID, anna.ID) // the bot has no room left

	if a, err := h.AgentByID(t.Context(), anna.ID); err != nil || a.Load != 2 {
		t.Errorf("anna has a load of %d, want 2: %v", a.Load, err)
	}
	if a, _ := h.AgentByID(t.Context(), cards.ID); a.Load != 0 || a.Presence != models.Offline {
		t.Errorf("the bot is %s with a load of %d, want it offline without one", a.Presence, a.Load)
	}
	if first.FirstAssignedAt != nil || first.EstimatedWaitSeconds != nil || !first.IsWithBot() {
		t.Errorf("the chat of a bot counts as one of a person: %+v", first)
	}
	if n, err := h.OnlineCount(t.Context()); err != nil || n != 1 {
		t.Errorf("%d agents are online, want 1: %v", n, err)
	}
	load, err := h.Load(t.Context())
	h.must(err)
	if len(load) != 1 {
		t.Errorf("the load has %d agents, want 1 person", len(load))
	}
	if b := h.botOf(cards.ID); b.State() != models.BotFull || b.Chats != 2 {
		t.Errorf("the bot is %s with %d chats, want it full with 2", b.State(), b.Chats)
	}
	_, err = h.End(t.Context(), cards, first.ID, "")
	h.must(err)
	h.has(h.askBot("e", "cards", "four").ID, cards.ID)
	h.settle()
	h.sound()
}

func TestABotAnswersOutsideTheOpeningHours(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Nightbot", models.BotChange{})
	h.must(h.SetOpeningHours(t.Context(), admin, closedHours("")))
	h.has(h.askBot("a", "", "anybody there?").ID, bot.ID)
}

func TestABotHandsOverAtThePlaceOfTheFirstQuestion(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	bot := h.bot("Bot", models.BotChange{MaxConcurrent: new(1)})
	first := h.askBot("early", "", "help")
	second := h.askBot("late", "", "me too")
	h.has(second.ID, "")

	m, created, err := h.Send(t.Context(), bot, first.ID, models.NewMessage{
		Content: "What about?", ClientMessageID: "k", QuickReplies: []string{"Cards", " Loans "},
	})
	h.must(err)
	if !created || !m.ByBot || len(m.QuickReplies) != 2 || m.ContentWithReplies() != "What about?\n\n1. Cards\n2. Loans" {
		t.Errorf("the bot's message is %+v", m)
	}
	again, created, err := h.Send(t.Context(), bot, first.ID, models.NewMessage{
		Content: "What about?", ClientMessageID: "k", QuickReplies: []string{"Cards", "Loans"},
	})
	if err != nil || created || again.ID != m.ID || len(again.QuickReplies) != 2 {
		t.Errorf("sent again it is %+v, created %v: %v", again, created, err)
	}
	if c := h.chat(first.ID); c.FirstResponseAt != nil || c.AwaitingReplySince != nil || c.UnreadByUser != 1 {
		t.Errorf("after the answer of a bot the chat is %+v", c)
	}
	_, err = h.HandOverToPerson(t.Context(), bot, first.ID, models.HandOverRequest{Note: "wants a loan", Department: "nowhere"})
	h.refused(err, "validation_failed")
	handed, err := h.HandOverToPerson(t.Context(), bot, first.ID, models.HandOverRequest{Note: "wants a loan"})
	h.must(err)
	if handed.Status != models.Waiting || !handed.QueuedAt.Equal(first.QueuedAt) || handed.ReturnedAt != nil {
		t.Errorf("handed over the chat is %+v", handed)
	}
	if got := h.kinds(first.ID); got != "help, joined, What about?, wants a loan, handed_over" {
		t.Errorf("the chat has %s", got)
	}
	user, err := h.Messages(t.Context(), models.UserActor("early"), first.ID, 0, 50)
	h.must(err)
	for _, seen := range user {
		if seen.Content == "wants a loan" {
			t.Error("the user sees the note")
		}
	}
	anna := h.agent("anna", 1)
	h.has(first.ID, anna.ID) // before the second, which waited in the queue all the time
	h.has(second.ID, "")
	c := h.chat(first.ID)
	if c.FirstAssignedAt == nil || c.WaitsSince().Before(first.CreatedAt) || c.BotID == nil || c.IsWithBot() {
		t.Errorf("with a person the chat is %+v", c)
	}
	_, err = h.HandOverToPerson(t.Context(), anna, first.ID, models.HandOverRequest{})
	h.refused(err, "chat_not_with_bot")
	_, err = h.HandOverToPerson(t.Context(), bot, first.ID, models.HandOverRequest{})
	h.refused(err, "chat_not_found")

	// A chat that comes back from a person does not go to a bot, which has room now.
	_, err = h.Transfer(t.Context(), anna, first.ID, models.TransferRequest{})
	h.must(err)
	h.settle()
	if got := h.chat(first.ID).ServedBy(); got == bot.ID {
		t.Error("a bot got the chat again")
	}
	_, err = h.Transfer(t.Context(), admin, second.ID, models.TransferRequest{ServiceID: bot.ID})
	if err == nil {
		t.Error("a chat was transferred to a bot")
	}
	h.settle()
	h.sound()
}

func TestBotsMayNoMoreThanAnswerAndHandOver(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Bot", models.BotChange{})
	anna := h.agent("anna", 2)
	c := h.askBot("a", "", "hello")
	other := h.bot("Other", models.BotChange{})
	_, _, err := h.Send(t.Context(), other, c.ID, models.NewMessage{Content: "mine?"})
	h.refused(err, "chat_not_found")
	_, err = h.Transfer(t.Context(), bot, c.ID, models.TransferRequest{ServiceID: anna.ID})
	h.refused(err, "not_for_bots")
	_, _, err = h.SendFile(t.Context(), bot, c.ID, models.NewFile{})
	h.refused(err, "not_for_bots")
	_, _, err = h.Send(t.Context(), models.UserActor("a"), c.ID, models.NewMessage{Content: "x", QuickReplies: []string{"y"}})
	h.refused(err, "validation_failed")
	for _, bad := range [][]string{
		{""}, {"a", "a"}, {strings.Repeat("x", 81)}, strings.Split("1 2 3 4 5 6 7 8 9 10 11", " "),
	} {
		_, _, err = h.Send(t.Context(), bot, c.ID, models.NewMessage{Content: "x", QuickReplies: bad})
		h.refused(err, "validation_failed")
	}
	_, _, err = h.Send(t.Context(), bot, c.ID, models.NewMessage{Content: "x", LastSeenID: new(int64(-1))})
	h.refused(err, "validation_failed")
	h.refused(h.SetPassword(t.Context(), admin, bot.ID, "correct horse battery"), "agent_not_found")
	_, err = h.UpdateAgent(t.Context(), admin, bot.ID, models.AgentChange{MaxConcurrent: new(5)})
	h.refused(err, "agent_not_found")
	_, _, err = h.SignIn(t.Context(), bot.ID+"@bot.invalid", "", "")
	h.refused(err, "wrong_credentials")
	_, err = h.AddBot(t.Context(), admin, models.BotChange{Name: new("bOT")})
	h.refused(err, "bot_name_taken")
	_, err = h.AddBot(t.Context(), anna, models.BotChange{Name: new("Mine")})
	h.refused(err, "role_required")
	for _, bad := range []models.BotChange{
		{},
		{Name: new("x"), MaxConcurrent: new(0)},
		{Name: new("x"), MaxConcurrent: new(1001)},
		{Name: new("x"), AnswerSeconds: new(1)},
		{Name: new("x"), AnswerSeconds: new(121)},
		{Name: new("x"), Departments: &[]string{"nowhere"}},
	} {
		_, err = h.AddBot(t.Context(), admin, bad)
		h.refused(err, "validation_failed")
	}
}

// TestBotsAreAddedAtOnce adds bots on two desks, two of each name.
func TestBotsAreAddedAtOnce(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	var all sync.WaitGroup
	var added, taken atomic.Int64
	for i := range 8 {
		all.Go(func() {
			_, err := []*testDesk{h, other}[i%2].AddBot(t.Context(), admin, models.BotChange{Name: new("Bot " + strconv.Itoa(i/2))})
			switch {
			case err == nil:
				added.Add(1)
			case models.ErrBotNameTaken.Is(err):
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if added.Load() != 4 || taken.Load() != 4 {
		t.Errorf("%d bots were added and %d refused, want 4 of each", added.Load(), taken.Load())
	}
}

// SHARE_HISTORY is for people: of the other chats of its users, and the notes in them, a bot reads nothing.
func TestABotReadsItsOwnChatsAlone(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.set("SHARE_HISTORY", "true")
	bot := h.bot("Bot", models.BotChange{})
	anna := h.agent("anna", 5)
	own := h.askBot("a", "", "hello")
	_, err := h.End(t.Context(), bot, own.ID, "")
	h.must(err)
	other := h.askBot("a", "", "hello again")
	_, err = h.AskForPerson(t.Context(), models.UserActor("a"), other.ID)
	h.must(err)
	h.has(other.ID, anna.ID)
	_, err = h.AddNote(t.Context(), anna, other.ID, "an angry one")
	h.must(err)
	for range 2 { // open, and ended
		_, err = h.Messages(t.Context(), bot, other.ID, 0, 50)
		h.refused(err, "chat_not_found")
		_, _ = h.End(t.Context(), anna, other.ID, "")
	}
	_, err = h.Messages(t.Context(), bot, own.ID, 0, 50)
	h.must(err)
	if _, err = h.Messages(t.Context(), anna, own.ID, 0, 50); err != nil {
		t.Errorf("anna may not read the earlier chat of her user: %v", err)
	}
}

// TestQuickRepliesAreStoredAsMessagesAre sends hostile ones, and card numbers before and after they are masked.
func TestQuickRepliesAreStoredAsMessagesAre(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Bot", models.BotChange{})
	c := h.askBot("a", "", "hello")
	send := func(key string, replies ...string) []string {
		t.Helper()
		_, _, err := h.Send(t.Context(), bot, c.ID, models.NewMessage{Content: "Which one?", ClientMessageID: key, QuickReplies: replies})
		h.must(err)
		messages, err := h.Messages(t.Context(), models.UserActor("a"), c.ID, 0, 50)
		h.must(err)
		return messages[len(messages)-1].QuickReplies
	}
	emoji := strings.Repeat("😀", 80)
	got := send("hostile", "<img src=x onerror=alert(1)>", "a\n\x07b", "\u202eabc\u202c", "שלום", emoji)
	if want := []string{"<img src=x onerror=alert(1)>", "a b", "abc", "שלום", emoji}; !slices.Equal(got, want) {
		t.Errorf("the quick replies are %q, want %q", got, want)
	}
	for _, bad := range []string{"\x00", "\xff", "\u202e\u202c", emoji + "😀"} {
		_, _, err := h.Send(t.Context(), bot, c.ID, models.NewMessage{Content: "x", QuickReplies: []string{bad}})
		h.refused(err, "validation_failed")
	}
	const card = "Pay with 4111 1111 1111 1111"
	if got := send("card", card); got[0] != card {
		t.Errorf("the quick reply is %q although MASK_CARDS is off", got[0])
	}
	h.set("MASK_CARDS", "true")
	if got := send("card", card); got[0] != card { // sent again, it is the same
		t.Errorf("sent again, the quick reply is %q", got[0])
	}
	if got := send("masked", card); got[0] != "Pay with •••• •••• •••• 1111" {
		t.Errorf("the quick reply is %q, want the card number masked", got[0])
	}
}

func TestTheUserAsksForAPerson(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.bot("Bot", models.BotChange{})
	anna := h.agent("anna", 1)
	c := h.askBot("a", "", "hello")
	_, err := h.AskForPerson(t.Context(), models.UserActor("b"), c.ID)
	h.refused(err, "chat_not_found")
	for range 2 {
		_, err = h.AskForPerson(t.Context(), models.UserActor("a"), c.ID)
		h.must(err)
		h.has(c.ID, anna.ID)
	}
	if got := h.kinds(c.ID); got != "hello, joined, person_asked, handed_over, joined" {
		t.Errorf("the chat has %s", got)
	}
	_, err = h.End(t.Context(), anna, c.ID, "")
	h.must(err)
	_, err = h.AskForPerson(t.Context(), models.UserActor("a"), c.ID)
	h.refused(err, "chat_ended")
}

// TestASilentBotHandsOver lets two desks sweep at once.
func TestASilentBotHandsOver(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	bot := h.bot("Bot", models.BotChange{AnswerSeconds: new(2)})
	sweep := func() {
		t.Helper()
		var both sync.WaitGroup
		for _, d := range []*testDesk{h, other} {
			both.Go(func() {
				if err := d.SweepBots(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
	}
	late := func(id string) {
		t.Helper()
		h.age("chats", id, 5*time.Second, "awaiting_since", "assigned_at")
		h.exec(`UPDATE pulse SET resumed_at = resumed_at - interval '1 minute'`)
		sweep()
	}
	answered := h.askBot("answered", "", "quick?")
	_, _, err := h.Send(t.Context(), bot, answered.ID, models.NewMessage{Content: "yes"})
	h.must(err)
	h.age("chats", answered.ID, time.Minute, "assigned_at")
	fresh := h.askBot("fresh", "", "hello")
	sweep()
	h.has(answered.ID, bot.ID)
	h.has(fresh.ID, bot.ID)

	for i := range 3 {
		c := h.askBot("user"+strconv.Itoa(i), "", "hello?")
		h.has(c.ID, bot.ID)
		late(c.ID)
		h.has(c.ID, "")
		if got := h.kinds(c.ID); got != "hello?, joined, bot_silent, handed_over" {
			t.Errorf("the chat has %s", got)
		}
		if n := h.count(`SELECT count(*) FROM audit_log WHERE action = 'bot_chat_handed_over' AND subject_id = ?`, c.ID); n != 1 {
			t.Errorf("handing over by itself is recorded %d times, want once", n)
		}
	}
	if b := h.botOf(bot.ID); b.State() != models.BotPassedOver || b.SilentInARow != 3 {
		t.Errorf("the bot is %s after %d silent chats, want it passed over after 3", b.State(), b.SilentInARow)
	}
	h.has(h.askBot("next", "", "hello").ID, "")
	_, _, err = h.Send(t.Context(), bot, answered.ID, models.NewMessage{Content: "I am back"})
	h.must(err)
	if b := h.botOf(bot.ID); b.State() != models.BotReady || b.SilentInARow != 0 {
		t.Errorf("after an answer the bot is %s after %d silent chats, want it ready", b.State(), b.SilentInARow)
	}
	h.has(h.askBot("later", "", "hello").ID, bot.ID)
	h.settle()
	h.sound()
}

// While Parley was down no bot could answer.
func TestTheTimeToAnswerBeginsAgainAfterAnOutage(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Bot", models.BotChange{AnswerSeconds: new(60)})
	c := h.askBot("u", "", "hello?")
	h.age("chats", c.ID, 5*time.Minute, "awaiting_since", "assigned_at")
	h.exec(`UPDATE pulse SET resumed_at = clock_timestamp()`)
	h.must(h.SweepBots(t.Context()))
	h.has(c.ID, bot.ID)
	h.exec(`UPDATE pulse SET resumed_at = clock_timestamp() - interval '2 minutes'`)
	h.must(h.SweepBots(t.Context()))
	h.has(c.ID, "")
}

func TestABotThatCannotAnswerAnyMoreHandsOver(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Bot", models.BotChange{})
	c := h.askBot("a", "", "hello")
	_, err := h.UpdateBot(t.Context(), admin, bot.ID, models.BotChange{Disabled: new(true)})
	h.must(err)
	h.has(c.ID, "")
	h.has(h.askBot("b", "", "hello").ID, "")

	_, err = h.UpdateBot(t.Context(), admin, bot.ID, models.BotChange{Disabled: new(false)})
	h.must(err)
	second := h.botKey(bot.ID)
	c = h.askBot("c", "", "hello")
	h.has(c.ID, bot.ID)
	_, err = h.RevokeAPIKey(t.Context(), admin, second.ID)
	h.must(err)
	h.has(c.ID, bot.ID) // the first key is still good
	keys, err := h.APIKeys(t.Context(), admin)
	h.must(err)
	_, err = h.RevokeAPIKey(t.Context(), admin, keys[0].ID)
	h.must(err)
	h.has(c.ID, "")
	if b := h.botOf(bot.ID); b.State() != models.BotWithoutKey {
		t.Errorf("the bot is %s, want it without a key", b.State())
	}
	h.has(h.askBot("d", "", "hello").ID, "")
	_, err = h.UpdateBot(t.Context(), admin, "unknown", models.BotChange{})
	h.refused(err, "bot_not_found")
}

// poison makes every change of the chats of a user fail.
func (h *testDesk) poison(user string) {
	h.t.Helper()
	h.exec(`CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$`)
	h.exec(`CREATE TRIGGER poison BEFORE UPDATE ON chats FOR EACH ROW WHEN (OLD.user_id = '` + user + `') EXECUTE FUNCTION poisoned()`)
}

func TestAChatOfABotThatCannotBeHandedOverKeepsNoOtherFromIt(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Bot", models.BotChange{})
	first, second := h.askBot("first", "", "hello"), h.askBot("second", "", "hello")
	h.poison("first")
	_, err := h.UpdateBot(t.Context(), admin, bot.ID, models.BotChange{Disabled: new(true)})
	h.must(err)
	h.has(second.ID, "")
	h.has(first.ID, bot.ID)
	if err := h.SweepBots(t.Context()); err == nil || !strings.Contains(err.Error(), first.ID) {
		t.Errorf("the sweep returns %v, want the chat that it could not hand over", err)
	}
	h.exec(`DROP TRIGGER poison ON chats`)
	h.must(h.SweepBots(t.Context()))
	h.has(first.ID, "")
}

// TestAChatThatStaysWithABotIsFound leaves chats with a bot that does not answer, is disabled, or has no key.
func TestAChatThatStaysWithABotIsFound(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{
		"silent":   `UPDATE bots SET answer_seconds = 2`,
		"disabled": `UPDATE agents SET disabled_at = now() - interval '1 hour' WHERE kind = 'bot'`,
		"revoked":  `UPDATE api_keys SET revoked_at = now() - interval '1 hour'`,
		"expired":  `UPDATE api_keys SET expires_at = now() - interval '1 hour'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestDesk(t)
			bot := h.bot("Bot", models.BotChange{AnswerSeconds: new(models.MaxBotAnswerSeconds)})
			c := h.askBot("a", "", "hello")
			if name != "silent" {
				_, _, err := h.Send(t.Context(), bot, c.ID, models.NewMessage{Content: "hi"})
				h.must(err)
			}
			h.age("chats", c.ID, time.Hour, "awaiting_since", "assigned_at", "queued_at", "created_at")
			h.exec(`UPDATE pulse SET resumed_at = resumed_at - interval '2 hours'`)
			h.exec(broken)
			found := func() (subjects []string) {
				t.Helper()
				checked, err := h.Check(t.Context())
				h.must(err)
				for _, i := range checked {
					for _, f := range i.Findings {
						if i.Invariant == "bot_overdue" {
							subjects = append(subjects, f.Subject)
						}
					}
				}
				return subjects
			}
			if got := found(); len(got) != 1 || got[0] != c.ID {
				t.Errorf("found is %v, want the chat %s", got, c.ID)
			}
			h.must(h.SweepBots(t.Context()))
			if got := found(); len(got) != 0 {
				t.Errorf("after the sweep %v is found", got)
			}
		})
	}
}

// A key is revoked even if the chats of its bot cannot be handed over.
func TestAKeyIsRevokedAlthoughAChatCannotBeHandedOver(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.bot("Bot", models.BotChange{})
	h.askBot("first", "", "hello")
	h.poison("first")
	keys, err := h.APIKeys(t.Context(), admin)
	h.must(err)
	for range 2 {
		k, err := h.RevokeAPIKey(t.Context(), admin, keys[0].ID)
		if err != nil || k.RevokedAt == nil {
			t.Errorf("revoking returns %+v: %v", k, err)
		}
	}
}

// TestBotsDoNotExceedTheirCapacity starts chats on two desks at once.
func TestBotsDoNotExceedTheirCapacity(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	bot := h.bot("Bot", models.BotChange{MaxConcurrent: new(5)})
	var all sync.WaitGroup
	for i := range 20 {
		d := []*testDesk{h, other}[i%2]
		user := h.user("user" + strconv.Itoa(i))
		all.Go(func() {
			if _, err := d.Assign(t.Context(), user.ID, models.AssignRequest{Message: "hello"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := h.count(`SELECT count(*) FROM chats WHERE agent_id = ? AND status = 'active'`, bot.ID); n != 5 {
		t.Errorf("the bot has %d chats, want 5", n)
	}
}

// TestAWebhookOfABotIsToldOfItsChatsAlone gives one webhook to a bot, next to one that is told of everything.
func TestAWebhookOfABotIsToldOfItsChatsAlone(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Bot", models.BotChange{MaxConcurrent: new(1)})
	anna := h.agent("anna", 5)
	f := models.WebhookFields{
		Name: "Bot", URL: "https://bot.example/hook", AgentID: &bot.ID,
		Events: []string{string(models.WebhookChatAssigned), string(models.WebhookChatTransferred), string(models.WebhookMessageCreated)},
	}
	own, err := h.AddWebhook(t.Context(), admin, f)
	h.must(err)
	h.webhook(models.WebhookChatAssigned, models.WebhookMessageCreated)
	unknown := f
	unknown.AgentID = new(string)
	*unknown.AgentID = "unknown"
	_, err = h.AddWebhook(t.Context(), admin, unknown)
	h.refused(err, "validation_failed")

	c := h.askBot("a", "", "hello")
	h.has(h.askBot("b", "", "hello").ID, anna.ID)
	_, err = h.HandOverToPerson(t.Context(), bot, c.ID, models.HandOverRequest{})
	h.must(err)
	h.has(c.ID, anna.ID)
	h.send(anna, c.ID, "hi")
	var told []string
	h.must(h.DB().NewRaw(`SELECT e.type || ' ' || (e.chat_id = ?)::text FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
		WHERE d.webhook_id = ? ORDER BY e.id`, c.ID, own.ID).Scan(t.Context(), &told))
	// The message that it was handed over is no longer told: the chat has left the bot by then, which chat.transferred says.
	if got := strings.Join(told, ", "); got != "chat.assigned true, message.created true, message.created true, chat.transferred true" {
		t.Errorf("the bot was told of %s", got)
	}
	f.AgentID = nil
	kept, err := h.UpdateWebhook(t.Context(), admin, own.ID, f)
	h.must(err)
	if kept.AgentID == nil || *kept.AgentID != bot.ID {
		t.Errorf("a change without an agent sets it to %v", kept.AgentID)
	}
}

func TestBotOnlyChatsAreCountedApart(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Bot", models.BotChange{})
	anna := h.agent("anna", 5)
	only := h.askBot("a", "", "hello")
	_, err := h.End(t.Context(), bot, only.ID, "")
	h.must(err)
	h.must(h.Rate(t.Context(), models.UserActor("a"), only.ID, 1, ""))
	both := h.askBot("b", "", "hello")
	_, err = h.HandOverToPerson(t.Context(), bot, both.ID, models.HandOverRequest{})
	h.must(err)
	h.has(both.ID, anna.ID)
	h.send(anna, both.ID, "hi")
	_, err = h.End(t.Context(), anna, both.ID, "")
	h.must(err)
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	s, err := h.Stats(t.Context(), from, to)
	h.must(err)
	if s.BotOnly != 1 || s.Started != 1 || s.Assigned != 1 || s.Ended != 1 || s.Ratings != 0 {
		t.Errorf("the figures are %+v, want one chat of a bot apart from one of a person", s)
	}
	_, err = h.CountReports(t.Context())
	h.must(err)
	if n := h.count(`SELECT bot_only * 100 + chats * 10 + answered FROM report_buckets WHERE kind = 'all' AND grain = 86400`); n != 111 {
		t.Errorf("the buckets have %d, want one chat of a bot, one of a person, one answered", n)
	}
	if n := h.count(`SELECT count(*) FROM report_buckets WHERE kind = 'agent' AND name = ?`, bot.ID); n != 0 {
		t.Error("the bot is among the agents of reports")
	}
	if n := h.count(`SELECT transfers FROM report_buckets WHERE kind = 'all' AND grain = 86400`); n != 0 {
		t.Errorf("handing over counts as %d transfers, want none", n)
	}
	h.settle()
	h.sound()
}

// A supervisor who takes a chat from a bot ends the time of the bot as a handing over does.
func TestAPersonTakesAChatFromABot(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("Bot", models.BotChange{})
	anna := h.agent("anna", 5)
	c := h.askBot("a", "", "hello")
	h.age("chats", c.ID, time.Hour, "queued_at", "created_at", "assigned_at")
	_, err := h.AssignByHand(t.Context(), admin, c.ID, anna.ID)
	h.must(err)
	h.has(c.ID, anna.ID)
	if c := h.chat(c.ID); c.Transfers != 0 || c.LiveAt == nil || !c.LiveAt.Equal(*c.FirstAssignedAt) {
		t.Errorf("taken from the bot the chat is %+v", c)
	}
	_, _, err = h.Send(t.Context(), bot, c.ID, models.NewMessage{Content: "one more thing"})
	h.refused(err, "chat_not_found")
	h.exec(`UPDATE chats SET live_at = NULL`) // as for chats that were taken before it was set
	h.must(h.CountMinutes(t.Context()))
	h.exec(`UPDATE chats SET live_at = first_assigned_at`)
	h.send(anna, c.ID, "hi")
	_, err = h.End(t.Context(), anna, c.ID, "")
	h.must(err)
	s, err := h.Stats(t.Context(), time.Now().Add(-2*time.Hour), time.Now().Add(time.Hour))
	h.must(err)
	if s.Started != 1 || s.WaitMean == nil || *s.WaitMean != 0 {
		t.Errorf("the figures are %+v, want one chat without a wait", s)
	}
	h.settle()
	h.sound()
}

// sound checks every invariant.
func (h *testDesk) sound() {
	h.t.Helper()
	checked, err := h.Check(h.t.Context())
	h.must(err)
	for _, c := range checked {
		if len(c.Findings) > 0 {
			h.t.Errorf("%s does not hold: %+v", c.Invariant, c.Findings)
		}
	}
}
