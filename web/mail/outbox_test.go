package mail_test

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
	"parley/web/mail/mailtest"
)

// outbox is a desk that mails through a server, with a message that a user left and the agent who has it.
type outbox struct {
	*models.Desk
	t    *testing.T
	anna models.Actor
	user models.Actor
	chat string
}

var admin = models.Actor{Kind: models.KindAgent, ID: "root", Role: models.RoleAdmin}

func newOutbox(t *testing.T, s *mailtest.Server, change ...func(*models.Settings)) *outbox {
	t.Helper()
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	must(t, err)
	settings := models.DefaultSettings()
	settings.MailFrom, settings.MailName = "support@kestrel.example", "Kestrel"
	for _, f := range change {
		f(&settings)
	}
	h := &outbox{Desk: models.NewDesk(db, settings, slog.New(slog.DiscardHandler)), t: t}
	t.Cleanup(func() {
		h.Close()
		_ = db.Close()
	})
	if s != nil {
		h.SetMailer(newMailer(t, s, "smtp://", "?tls=off"))
	}
	must(t, h.RecordHeartbeat(t.Context()))
	a, err := h.AddAgent(
		t.Context(),
		admin,
		models.NewAgent{Email: "anna@example.com", Name: "Anna Berg", Password: "correct horse", Role: models.RoleAgent},
	)
	must(t, err)
	h.anna = models.AgentActor(a)
	_, err = h.SetPresence(t.Context(), h.anna, models.Online)
	must(t, err)
	u, err := h.EnsureUser(t.Context(), models.Identity{ID: "maria", Name: "Maria", Verified: true})
	must(t, err)
	h.user = models.UserActor(u.ID)
	started, err := h.Assign(t.Context(), u.ID, models.AssignRequest{Message: "Where is my card?"})
	must(t, err)
	h.chat = started.Chat.ID
	h.exec(
		`UPDATE chats SET channel = 'message', contact_email = 'maria@example.com', contact_name = 'Maria', contact_locale = 'en' WHERE id = ?`,
		h.chat,
	)
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *outbox) exec(query string, args ...any) {
	h.t.Helper()
	_, err := h.DB().NewRaw(query, args...).Exec(h.t.Context())
	must(h.t, err)
}

func (h *outbox) send(who models.Actor, text string) *models.Message {
	h.t.Helper()
	m, _, err := h.Send(h.t.Context(), who, h.chat, models.NewMessage{Content: text})
	must(h.t, err)
	return m
}

// due makes the time come at which mails are sent.
func (h *outbox) due() {
	h.exec(`UPDATE outgoing_mails SET due_at = now() WHERE state IN ('pending', 'sending')`)
}

// run sends what is due.
func (h *outbox) run() int {
	h.t.Helper()
	n, err := h.SendMails(h.t.Context())
	must(h.t, err)
	return n
}

// states returns the states of the mails with the number of attempts, such as "sent 1".
func (h *outbox) states() string {
	h.t.Helper()
	var states string
	must(
		h.t,
		h.DB().
			NewRaw(`SELECT coalesce(string_agg(state || ' ' || attempts, ', ' ORDER BY created_at), '') FROM outgoing_mails`).
			Scan(h.t.Context(), &states),
	)
	return states
}

func (h *outbox) wantStates(want string) {
	h.t.Helper()
	if got := h.states(); got != want {
		h.t.Fatalf("the mails are %q, want %q", got, want)
	}
}

func TestAnswersWithinAMinuteGoOutTogether(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS)
	h := newOutbox(t, s)
	h.send(h.anna, "It is on its way.")
	h.send(h.anna, "It arrives on Friday.")
	withdrawn := h.send(h.anna, "That was for another chat.")
	_, err := h.WithdrawMessage(t.Context(), h.anna, h.chat, withdrawn.ID)
	must(t, err)
	if h.run() != 0 {
		t.Fatal("a mail was sent before its minute was over")
	}
	h.due()
	if h.run() != 1 || h.run() != 0 {
		t.Fatal("it was not sent once")
	}
	h.wantStates("sent 1")
	first := s.Got()[0]
	for _, part := range []string{"It is on its way.", "It arrives on Friday.", "> Where is my card?", "Anna", "https://chat.example.com/base/continue/"} {
		if !strings.Contains(first, part) {
			t.Errorf("the mail lacks %q: %s", part, first)
		}
	}
	if strings.Contains(first, "another chat") {
		t.Error("a withdrawn message was mailed")
	}

	h.send(h.user, "Thanks! And my PIN?")
	h.send(h.anna, "It comes separately.")
	h.due()
	if h.run() != 1 {
		t.Fatal("the second answer was not sent")
	}
	second := s.Got()[1]
	if strings.Contains(second, "arrives on Friday") || !strings.Contains(second, "It comes separately.") ||
		!strings.Contains(second, "> Thanks! And my PIN?") {
		t.Errorf("the second mail is %s", second)
	}
	id := header(first, "Message-ID")
	if id == "" || header(second, "In-Reply-To") != id || header(second, "References") != id || header(second, "Message-ID") == id {
		t.Errorf("the mails are no thread: %q, %q, %q", id, header(second, "In-Reply-To"), header(second, "References"))
	}
}

// TestAnAnswerRefersToTheReply: mail programs show the mails of both sides as one conversation.
func TestAnAnswerRefersToTheReply(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS)
	h := newOutbox(t, s, func(v *models.Settings) {
		form, err := models.ParseReplyAddressForm("support+{token}@reply.kestrel.example")
		must(t, err)
		v.ReplyAddress = form
	})
	h.send(h.anna, "It is on its way.")
	h.due()
	h.run()
	first := header(s.Got()[0], "Message-ID")
	address, err := h.ReplyAddress(t.Context(), h.chat, "maria@example.com")
	must(t, err)
	reply := func(id string) {
		_, err := h.ReceiveMail(t.Context(), models.IncomingMail{
			Address: address, Key: sha256.Sum256([]byte(id)), MessageID: id, FromEmail: "maria@example.com", Subject: "Re: Your message",
			Content: "Thank you. " + id, Written: "Thank you. " + id, Size: 10,
		})
		must(t, err)
	}
	reply("reply-1@example.com")
	for _, unusable := range []string{
		"a@b>\r\nBcc: x@example.com", "<a@b", "two words@example.com", "no-at", "\u00e9@example.com", strings.Repeat("x", 250) + "@example.com",
	} {
		reply(unusable)
	}
	h.send(h.anna, "You are welcome.")
	h.due()
	h.run()
	mails := s.Got()
	second := strings.ReplaceAll(mails[len(mails)-1], "\r\n ", " ")
	if got := header(second, "In-Reply-To"); got != "<reply-1@example.com>" {
		t.Errorf("the answer is to %q", got)
	}
	if got := header(second, "References"); got != first+" <reply-1@example.com>" {
		t.Errorf("the answer refers to %q, the first mail is %q", got, first)
	}
}

// header returns a header of a mail, "" for none.
func header(mail, name string) string {
	for line := range strings.Lines(mail) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestWhatTheUserHasReadIsNotMailed(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS)
	h := newOutbox(t, s)
	h.send(h.anna, "First.")
	_, err := h.ConfirmAll(t.Context(), h.user, h.chat, models.Read)
	must(t, err)
	h.due()
	if h.run() != 0 {
		t.Error("a message that was read was mailed")
	}
	h.wantStates("skipped 0")
	h.send(h.anna, "Second.")
	_, err = h.ConfirmAll(t.Context(), h.user, h.chat, models.Read)
	must(t, err)
	h.send(h.anna, "Third.")
	h.due()
	if h.run() != 1 || strings.Contains(s.Got()[0], "Second.") || strings.Contains(s.Got()[0], "First.") ||
		!strings.Contains(s.Got()[0], "Third.") {
		t.Errorf("mailed: %q", s.Got())
	}
}

func TestALiveChatIsNotMailed(t *testing.T) {
	t.Parallel()
	h := newOutbox(t, mailtest.Start(t, mailtest.NoTLS))
	h.exec(`UPDATE chats SET channel = 'chat'`)
	h.send(h.anna, "Hello.")
	h.exec(`UPDATE chats SET channel = 'message', contact_email = NULL`)
	h.send(h.anna, "Hello again.")
	h.wantStates("")
}

func TestWithoutAMailServerNothingIsQueued(t *testing.T) {
	t.Parallel()
	h := newOutbox(t, nil)
	h.send(h.anna, "Hello.")
	h.wantStates("")
	if h.CanMail() || h.run() != 0 {
		t.Error("it can mail")
	}
	_, err := h.SendTranscript(t.Context(), h.user, h.chat, models.TranscriptRequest{Email: "maria@example.com"})
	refused(t, err, "mail_not_configured")
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	if models.CodeOf(err) != code {
		t.Fatalf("got %v, want it refused with %s", err, code)
	}
}

// TestAnAnswerIsMailedOnce lets several workers send at the same time while the agent goes on writing.
func TestAnAnswerIsMailedOnce(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS)
	h := newOutbox(t, s)
	var done atomic.Bool
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for !done.Load() {
				if _, err := h.SendMails(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	const answers = 60
	for i := range answers {
		h.send(h.anna, "answer "+string(rune('A'+i%26))+string(rune('a'+i/26))+".")
		h.exec(`UPDATE outgoing_mails SET due_at = now() WHERE state = 'pending'`)
	}
	h.until(func() bool {
		return !strings.Contains(h.states(), "pending") && !strings.Contains(h.states(), "sending")
	})
	done.Store(true)
	workers.Wait()
	all := strings.ReplaceAll(strings.Join(s.Got(), "\n"), "=\r\n", "")
	for i := range answers {
		// Each mail has it in its text and in its HTML.
		said := "answer " + string(rune('A'+i%26)) + string(rune('a'+i/26)) + "."
		if n := strings.Count(all, said); n != 2 { // once in the text and once in the HTML
			t.Errorf("%q was mailed %d times", said, n/2)
		}
	}
}

func (h *outbox) until(done func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Now().After(deadline) {
			h.t.Fatalf("still waiting; the mails are %s", h.states())
		}
		<-tick.C
	}
}

func TestGreylistingIsWaitedFor(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	s := mailtest.Start(t, mailtest.NoTLS, func(h *mailtest.Hooks) {
		h.OnRcpt = func() error {
			if tries.Add(1) <= 2 {
				return mailtest.Refusal(451, "Greylisted")
			}
			return nil
		}
	})
	h := newOutbox(t, s)
	h.send(h.anna, "Hello.")
	for attempt, pause := range []time.Duration{time.Minute, 2 * time.Minute} {
		h.due()
		if sent := h.run() + h.run(); sent != 0 {
			t.Fatal("it was sent")
		}
		var wait float64
		must(t, h.DB().NewRaw(`SELECT extract(epoch FROM due_at - attempted_at) FROM outgoing_mails`).Scan(t.Context(), &wait))
		if got := time.Duration(wait * float64(time.Second)); got < pause || got > pause+10*time.Second {
			t.Errorf("after attempt %d it waits %s", attempt+1, got)
		}
	}
	failed, delayed, err := h.UnsentMails(t.Context(), admin)
	must(t, err)
	if len(failed) != 0 || len(delayed) != 1 || *delayed[0].Error != models.MailDeferred || *delayed[0].Reply != "451 4.1.1 Greylisted" {
		t.Errorf("failed %v, delayed %+v", failed, delayed)
	}
	if f, err := h.MailFigures(t.Context()); err != nil || f.Delayed != 1 || f.IsFailing {
		t.Errorf("figures %+v, %v", f, err)
	}
	h.due()
	if h.run() != 1 {
		t.Fatal("it was not sent")
	}
	h.wantStates("sent 3")
	if f, err := h.MailFigures(t.Context()); err != nil || f.Waiting != 0 || f.IsFailing {
		t.Errorf("figures %+v, %v", f, err)
	}
}

func TestARefusedMailIsListedAndSentAgain(t *testing.T) {
	t.Parallel()
	var open atomic.Bool
	s := mailtest.Start(t, mailtest.NoTLS, func(h *mailtest.Hooks) {
		h.OnRcpt = func() error {
			if !open.Load() {
				return mailtest.Refusal(550, "No such mailbox")
			}
			return nil
		}
	})
	h := newOutbox(t, s)
	h.send(h.anna, "Hello.")
	h.due()
	h.run()
	h.due()
	h.run()
	h.wantStates("failed 1")
	failed, delayed, err := h.UnsentMails(t.Context(), admin)
	must(t, err)
	if len(failed) != 1 || len(delayed) != 0 || *failed[0].Error != models.MailRecipientRefused ||
		failed[0].Recipient != "maria@example.com" {
		t.Fatalf("failed %+v, delayed %v", failed, delayed)
	}
	_, _, err = h.UnsentMails(t.Context(), h.anna)
	refused(t, err, "role_required")
	refused(t, h.RetryMail(t.Context(), h.anna, failed[0].ID), "role_required")
	for _, unknown := range []string{"x", "'\x00", "00000000-0000-0000-0000-000000000000"} {
		refused(t, h.RetryMail(t.Context(), admin, unknown), "mail_not_found")
	}
	open.Store(true)
	must(t, h.RetryMail(t.Context(), admin, failed[0].ID))
	if h.run() != 1 {
		t.Fatal("it was not sent again")
	}
	refused(t, h.RetryMail(t.Context(), admin, failed[0].ID), "mail_not_failed")
}

func TestAMailFailsAfterThreeDays(t *testing.T) {
	t.Parallel()
	h := newOutbox(
		t,
		mailtest.Start(
			t,
			mailtest.NoTLS,
			func(h *mailtest.Hooks) { h.OnData = func() error { return mailtest.Refusal(452, "Disk full") } },
		),
	)
	h.send(h.anna, "Hello.")
	for range 12 {
		h.due()
		h.run()
	}
	h.wantStates("sending 12")
	var wait float64
	must(t, h.DB().NewRaw(`SELECT extract(epoch FROM due_at - attempted_at) FROM outgoing_mails`).Scan(t.Context(), &wait))
	if wait < 6*3600 || wait > 6*3600+10 {
		t.Errorf("after 12 attempts it waits %f s", wait)
	}
	h.exec(`UPDATE outgoing_mails SET give_up_at = now() + interval '5 hours'`)
	h.due()
	h.run()
	h.wantStates("failed 13")
}

// TestABrokenConnectionIsTriedUnderTheSameMessageID: the server may have taken the mail, so mail programs must be able to see that the second is the first.
func TestABrokenConnectionIsTriedUnderTheSameMessageID(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS, func(h *mailtest.Hooks) { h.DropAfterData = true })
	h := newOutbox(t, s)
	h.send(h.anna, "Hello.")
	h.due()
	h.run()
	h.wantStates("sending 1")
	s.Change(func(h *mailtest.Hooks) { h.DropAfterData = false })
	h.due()
	if h.run() != 1 {
		t.Fatal("it was not sent again")
	}
	mails := s.Got()
	if len(mails) != 2 || header(mails[0], "Message-ID") != header(mails[1], "Message-ID") || header(mails[0], "Message-ID") == "" {
		t.Errorf("the mails are %q", mails)
	}
}

// TestAWorkerThatDiesLeavesItsMailToAnother stops an attempt in the middle.
func TestAWorkerThatDiesLeavesItsMailToAnother(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS, func(h *mailtest.Hooks) { h.Silent = make(chan struct{}) })
	h := newOutbox(t, s)
	h.send(h.anna, "Hello.")
	h.due()
	ctx, die := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_, _ = h.SendMails(ctx)
	}()
	h.until(func() bool { return h.states() == "sending 1" })
	if h.run() != 0 {
		t.Error("another worker took a mail that is being sent")
	}
	h.due() // the lease is over
	late := make(chan int)
	go func() {
		n, _ := h.SendMails(t.Context())
		late <- n
	}()
	h.until(func() bool { return h.states() == "sending 2" })
	die()
	<-stopped
	h.wantStates("sending 2") // what the first one says does not count any more
	close(s.Silent)
	if n := <-late; n != 1 {
		t.Errorf("the second worker sent %d", n)
	}
	h.wantStates("sent 2")
}

// TestAMailThatIsBeingSentIsNotRetried: an administrator who retries a mail during its second attempt must not send it twice.
func TestAMailThatIsBeingSentIsNotRetried(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	s := mailtest.Start(
		t,
		mailtest.NoTLS,
		func(h *mailtest.Hooks) { h.OnRcpt = func() error { return mailtest.Refusal(451, "Greylisted") } },
	)
	h := newOutbox(t, s)
	h.send(h.anna, "Hello.")
	h.due()
	h.run()
	s.Change(func(h *mailtest.Hooks) { h.OnRcpt, h.Silent = nil, answer })
	h.due()
	second := make(chan int)
	go func() {
		n, _ := h.SendMails(t.Context())
		second <- n
	}()
	h.until(func() bool { return h.states() == "sending 2" })
	_, delayed, err := h.UnsentMails(t.Context(), admin)
	must(t, err)
	if len(delayed) != 1 || !delayed[0].IsBeingSent() {
		t.Fatalf("the delayed mails are %+v", delayed)
	}
	refused(t, h.RetryMail(t.Context(), admin, delayed[0].ID), "mail_being_sent")
	if n := h.run(); n != 0 {
		t.Errorf("it was sent %d times meanwhile", n)
	}
	close(answer)
	if n := <-second; n != 1 || len(s.Got()) != 1 {
		t.Errorf("it was sent %d times, the server has %d", n, len(s.Got()))
	}
}

func TestWhenMailFails(t *testing.T) {
	t.Parallel()
	h := newOutbox(t, &mailtest.Server{Address: "127.0.0.2:1"})
	h.send(h.anna, "Hello.")
	h.due()
	h.run()
	f, err := h.MailFigures(t.Context())
	if err != nil || !f.IsFailing || *f.Reason != models.MailUnreachable || f.Waiting != 1 || f.Delayed != 1 {
		t.Errorf("figures %+v, %v", f, err)
	}
	if sent, errors, failed := h.MailCounts(); sent != 0 || errors != 1 || failed != 0 {
		t.Errorf("counted %d sent, %d errors, %d failed", sent, errors, failed)
	}
}

func TestTranscriptsByMail(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS)
	h := newOutbox(t, s)
	h.exec(`UPDATE chats SET channel = 'chat', contact_email = NULL`)
	h.send(h.anna, "It is on its way.")
	_, err := h.AddNote(t.Context(), h.anna, h.chat, "secret note")
	must(t, err)
	ask := func(who models.Actor, email string) error {
		_, err := h.SendTranscript(
			t.Context(),
			who,
			h.chat,
			models.TranscriptRequest{Email: email, Locale: "zh-CN", TimeZone: time.FixedZone("Nowhere/Else", 0)},
		)
		return err
	}
	refused(t, ask(h.user, ""), "validation_failed")
	refused(t, ask(h.user, "a@b\r\nBcc: x@example.com"), "validation_failed")
	refused(t, ask(models.UserActor("stranger"), "x@example.com"), "chat_not_found")
	must(t, ask(h.user, "maria@example.com"))
	h.send(h.anna, "Later.")
	if h.run() != 1 {
		t.Fatal("it was not sent")
	}
	got := s.Got()[0]
	for _, part := range []string{"It is on its way.", "Where is my card?", header(got, "Auto-Submitted")} {
		if part == "" || !strings.Contains(got, part) {
			t.Errorf("the transcript lacks %q: %s", part, got)
		}
	}
	for _, part := range []string{"secret note", "Later.", "/continue/"} {
		if strings.Contains(got, part) {
			t.Errorf("the transcript has %q", part)
		}
	}
	must(t, ask(h.user, "other@example.com"))
	must(t, ask(h.user, "third@example.com"))
	refused(t, ask(h.user, "fourth@example.com"), "too_many_transcripts")
	must(t, ask(h.anna, "fourth@example.com"))
	var audited int
	must(t, h.DB().NewRaw(`SELECT count(*) FROM audit_log WHERE action = 'transcript_sent'`).Scan(t.Context(), &audited))
	if audited != 1 {
		t.Errorf("%d rows in the audit log", audited)
	}
}

func TestALinkOpensItsChatUntilItEnds(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS)
	h := newOutbox(t, s)
	link := func() string {
		t.Helper()
		before := len(s.Got())
		h.send(h.anna, "Hello.")
		h.due()
		h.run()
		mails := s.Got()
		if len(mails) != before+1 {
			t.Fatalf("there are %d mails", len(mails))
		}
		_, rest, _ := strings.Cut(strings.ReplaceAll(mails[before], "=\r\n", ""), "/base/continue/")
		token, _, _ := strings.Cut(rest, "\r\n")
		return token
	}
	token := link()
	c, err := h.ChatByContinueToken(t.Context(), token)
	if err != nil || c.ID != h.chat {
		t.Fatalf("the link %q opens %v, %v", token, c, err)
	}
	for _, wrong := range []string{"", "x", token[:len(token)-1], token + "A", "A" + token[1:], strings.ToUpper(token), token[:30] + "AAAA" + token[34:], "\x00"} {
		_, err := h.ChatByContinueToken(t.Context(), wrong)
		refused(t, err, "continue_link_invalid")
	}
	must(t, h.ChangeSetting(t.Context(), admin, "CONTINUE_LINK_PERIOD", "1h"))
	refused(t, h.RevokeContinueLinks(t.Context(), h.user, h.chat, false), "chat_not_found")
	must(t, h.RevokeContinueLinks(t.Context(), h.anna, h.chat, false))
	must(t, h.RevokeContinueLinks(t.Context(), h.anna, h.chat, false))
	_, err = h.ChatByContinueToken(t.Context(), token)
	refused(t, err, "continue_link_invalid")
	token = link()
	_, err = h.ChatByContinueToken(t.Context(), token)
	must(t, err)
	_, err = h.End(t.Context(), h.anna, h.chat, "")
	must(t, err)
	c, err = h.ChatByContinueToken(t.Context(), token) // it is read, and not written in
	if err != nil || c.IsOpen() {
		t.Errorf("the link of an ended chat opens %v, %v", c, err)
	}
	_, _, err = h.Send(t.Context(), h.user, c.ID, models.NewMessage{Content: "Hello?"})
	refused(t, err, "chat_ended")
	_, err = h.EraseUser(t.Context(), admin, h.user.ID)
	must(t, err)
	_, err = h.ChatByContinueToken(t.Context(), token)
	refused(t, err, "continue_link_invalid")
}
