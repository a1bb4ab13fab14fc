package models_test

import (
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/models"
	"parley/models/testdb"
)

// mailTo is a mail with an id and a text to an address.
func mailTo(address, id, text string) models.IncomingMail {
	return models.IncomingMail{
		Address: address, Key: sha256.Sum256([]byte(id)), FromEmail: "u@example.org", FromName: "U", Subject: "Re: your message",
		Content: text + "\n\n> quoted", Written: text, Size: int64(len(text)),
	}
}

// receive stores a mail and returns the chat that took it.
func (h *testDesk) receive(m models.IncomingMail) *models.MailReceipt {
	h.t.Helper()
	got, err := h.ReceiveMail(h.t.Context(), m)
	h.must(err)
	return got
}

// addressOf returns the reply address of a chat for u@example.org.
func (h *testDesk) addressOf(chat string) string {
	h.t.Helper()
	address, err := h.ReplyAddress(h.t.Context(), chat, "u@example.org")
	h.must(err)
	return address
}

// mailThread returns the messages of a chat, each with its sender, its type and its content or kind.
func (h *testDesk) mailThread(chat string) []string {
	h.t.Helper()
	messages, err := h.Messages(h.t.Context(), admin, chat, 0, 200)
	h.must(err)
	var said []string
	for _, m := range messages {
		line := string(m.SenderType) + " " + string(m.Type) + " " + m.Content
		if m.SystemKind != nil {
			line += *m.SystemKind
		}
		for _, arg := range []string{"names", "reason", "subject", "email"} {
			if value := m.SystemArgs[arg]; value != "" {
				line += " " + value
			}
		}
		if m.Via != nil {
			line += " via " + *m.Via
		}
		said = append(said, line)
	}
	return said
}

type noMailer struct{ models.Mailer }

// Only what agents write in a message is mailed to its user.
func TestAUserIsNotMailedTheirOwnWords(t *testing.T) {
	t.Parallel()
	settings := models.DefaultSettings()
	settings.MailFrom = "support@example.com"
	h := newTestDeskOn(t, testdb.Postgres(t), settings)
	h.SetMailer(noMailer{})
	anna := h.agent("anna", 3)
	chat := h.leave("u")
	h.settle()
	answers := func() (n int) {
		h.must(h.DB().NewRaw(`SELECT count(*) FROM outgoing_mails WHERE kind = 'answer'`).Scan(t.Context(), &n))
		return n
	}
	h.send(models.UserActor("u"), chat.ID, "One more thing")
	if n := answers(); n != 0 {
		t.Errorf("%d answers are mailed after the user's own message", n)
	}
	h.send(anna, chat.ID, "We look into it")
	if n := answers(); n != 1 {
		t.Errorf("%d answers are mailed after that of the agent", n)
	}
}

func TestAMailBecomesMessagesOfTheUser(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	ctx := t.Context()
	anna := h.agent("anna", 3)
	chat := h.ask("u").Chat.ID
	h.settle()
	m := mailTo(h.addressOf(chat), "<1@example.org>", "  Thank you!  ")
	m.Files = []models.NewFile{h.photo(""), h.letter("")}
	m.Refused = []models.RefusedFile{
		{Name: "a.exe", Reason: "unknown_type"},
		{Name: "b\n\x00\xff.exe", Reason: "unknown_type"},
		{Name: "c.pdf", Reason: "document_too_large"},
	}
	before := h.chat(chat)
	got := h.receive(m)
	if got.ChatID != chat || got.Repeated {
		t.Errorf("the receipt is %+v", got)
	}
	want := []string{
		"user text Thank you! via email", "user image card.jpg via email", "user file letter.pdf via email",
		"system note mail_files_refused a.exe, b \uFFFD.exe unknown_type", "system note mail_files_refused c.pdf document_too_large",
	}
	if said := h.mailThread(chat); !slices.Equal(said[1:], want) {
		t.Errorf("the chat has\n%s\nwant\n%s", strings.Join(said[1:], "\n"), strings.Join(want, "\n"))
	}
	c := h.chat(chat)
	if c.UnreadByAgent != 3 || *c.LastSender != models.FromUser || c.AwaitingReplySince == nil || c.LastMessageAt == nil ||
		c.TotalMessages != before.TotalMessages+3 || c.LastSeq != before.LastSeq+5 {
		t.Errorf("the chat is %+v", c)
	}
	changes := h.changes(chat)
	last := changes[len(changes)-1]
	if len(last.Messages) != 5 || last.Messages[1].Attachment == nil || last.Messages[1].Attachment.PublicID == "" ||
		last.Chat.Version != c.Version {
		t.Errorf("what was published is %+v", last.Messages)
	}
	if n := h.count(`SELECT count(*) FROM stored_files WHERE due_at IS NULL`); n != 3 {
		t.Errorf("%d files are kept", n)
	}
	messages, err := h.Messages(ctx, admin, chat, 0, 200)
	h.must(err)
	for _, message := range messages[1:4] {
		mail, err := h.MailOf(ctx, anna, chat, message.ID)
		h.must(err)
		if mail.Content != m.Content || mail.Subject != m.Subject || mail.IsFromOther() {
			t.Errorf("its mail is %+v", mail)
		}
	}
	_, err = h.MailOf(ctx, anna, chat, messages[0].ID)
	h.refused(err, "mail_not_found")
	_, err = h.MailOf(ctx, anna, chat, messages[4].ID)
	h.refused(err, "mail_not_found")
	_, err = h.MailOf(ctx, models.UserActor("u"), chat, messages[1].ID)
	h.refused(err, "chat_not_found")
	_, err = h.MailOf(ctx, h.agent("bert", 3), chat, messages[1].ID)
	h.refused(err, "chat_not_found")
	if found := h.found(); len(found) > 0 {
		t.Errorf("found: %v", found)
	}
}

func TestTheAddressDecidesWhoWroteAMail(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	anna := h.agent("anna", 3)
	chat := h.ask("u").Chat.ID
	address := h.addressOf(chat)
	m := mailTo(strings.ToUpper(address), "1", "forged")
	m.FromEmail = "boss@example.com"
	h.receive(m)
	messages, err := h.Messages(t.Context(), anna, chat, 0, 200)
	h.must(err)
	last := messages[len(messages)-1]
	if last.SenderID != "u" || last.Content != "forged" {
		t.Errorf("it is stored as %+v", last)
	}
	mail, err := h.MailOf(t.Context(), anna, chat, last.ID)
	h.must(err)
	if !mail.IsFromOther() || mail.Expected != "u@example.org" {
		t.Errorf("the mail is %+v", mail)
	}
	for _, wrong := range []string{"reply+@example.com", "reply@example.com", strings.Replace(address, "reply+", "reply+b", 1), "u@example.org"} {
		_, err := h.ReceiveMail(t.Context(), mailTo(wrong, "2", "u wrote this"))
		h.refused(err, "reply_address_not_found")
		h.refused(h.CheckMail(t.Context(), wrong), "reply_address_not_found")
	}
	if n := h.count(`SELECT count(*) FROM messages WHERE content = 'u wrote this'`); n != 0 {
		t.Error("a mail without a token was stored")
	}
}

// The same mail comes several times at once, at two instances, into an open chat and into one that has ended.
func TestAMailIsStoredOnce(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	ctx := t.Context()
	h.agent("anna", 3)
	other := newTestDeskOn(t, h.url, h.Settings())
	for _, ended := range []bool{false, true} {
		user := "open"
		if ended {
			user = "ended"
		}
		chat := h.ask(user).Chat.ID
		address := h.addressOf(chat)
		if ended {
			_, err := h.End(ctx, models.UserActor(user), chat, "")
			h.must(err)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		fresh, chats := 0, map[string]bool{}
		for i := range 8 {
			all.Go(func() {
				desk := h.Desk
				if i%2 == 0 {
					desk = other.Desk
				}
				got, err := desk.ReceiveMail(ctx, mailTo(address, "same", "once"))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
					return
				}
				chats[got.ChatID] = true
				if !got.Repeated {
					fresh++
				}
			})
		}
		all.Wait()
		if n := h.count(
			`SELECT count(*) FROM messages WHERE content = 'once' AND sender_id = ?`,
			user,
		); n != 1 || fresh != 1 ||
			len(chats) != 1 {
			t.Errorf("ended %v: stored %d times, %d were new, in %d chats", ended, n, fresh, len(chats))
		}
		if ended == chats[chat] {
			t.Errorf("ended %v: it is stored in %v", ended, chats)
		}
		got, err := h.WasReceived(ctx, address, sha256.Sum256([]byte("same")))
		if err != nil || !got {
			t.Errorf("it was not received: %v", err)
		}
	}
	h.Close()
	if found := h.found(); len(found) > 0 {
		t.Errorf("found: %v", found)
	}
}

func TestAReplyToAnEndedChatBeginsAnother(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	ctx := t.Context()
	_, err := h.AddDepartment(ctx, admin, "cards", "Cards")
	h.must(err)
	first := h.askFor("u", "cards").Chat.ID
	h.exec(
		`UPDATE chats SET channel = 'message', contact_email = 'old@example.org', contact_name = 'Ursula', contact_locale = 'zh-CN' WHERE id = ?`,
		first,
	)
	address := h.addressOf(first)
	_, err = h.End(ctx, models.UserActor("u"), first, "")
	h.must(err)
	before := h.chat(first)

	got := h.receive(mailTo(address, "1", "one more thing"))
	if got.ChatID == first {
		t.Fatal("it is in the chat that has ended")
	}
	c := h.chat(got.ChatID)
	if c.UserID != "u" || c.Status != models.Waiting || !c.IsMessage() || *c.Department != "cards" || *c.ContactEmail != "u@example.org" ||
		*c.ContactName != "Ursula" || *c.ContactLocale != "zh-CN" || c.AwaitingReplySince == nil {
		t.Errorf("it began %+v", c)
	}
	if c.UserSeenAt.Year() != 9999 {
		t.Errorf("the user was seen at %s: the previous release ends it as abandoned", c.UserSeenAt)
	}
	if said := h.mailThread(got.ChatID); !slices.Equal(said, []string{"system note mail_follows", "user text one more thing via email"}) {
		t.Errorf("it has %q", said)
	}
	if h.chat(first).Version != before.Version {
		t.Error("the earlier chat has changed")
	}
	// Replies to either address go on there, and repeated ones are known.
	if next := h.receive(mailTo(address, "2", "and another")); next.ChatID != got.ChatID {
		t.Errorf("the next reply is in %s", next.ChatID)
	}
	if next := h.receive(mailTo(h.addressOf(got.ChatID), "3", "to the new one")); next.ChatID != got.ChatID {
		t.Errorf("a reply to it is in %s", next.ChatID)
	}
	if again := h.receive(mailTo(address, "1", "one more thing")); !again.Repeated || again.ChatID != got.ChatID {
		t.Errorf("again it is %+v", again)
	}
	// An agent gets it as any other chat.
	h.agent("anna", 3, "cards")
	h.settle()
	if found := h.found(); len(found) > 0 {
		t.Errorf("found: %v", found)
	}
}

func TestAutomaticMailIsNoMessage(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	ctx := t.Context()
	chat := h.ask("u").Chat.ID
	address := h.addressOf(chat)
	before := h.chat(chat)
	h.exec(`INSERT INTO outgoing_mails (chat_id, kind, recipient, state, message_id, finished_at)
		SELECT c, 'answer', 'u@example.org', 'sent', m, now() FROM (VALUES (?0, 'one@ours'), (?0, 'two@ours'), (?1, 'one@ours')) v (c, m)`,
		chat, h.ask("other").Chat.ID)
	absent := mailTo(address, "1", "I am away")
	absent.Subject = "Out of office\r\n\x00until Monday"
	for range 2 {
		_, err := h.RecordAutomaticMail(ctx, absent)
		h.must(err)
	}
	for i, b := range []models.Bounce{
		{Recipient: "u@example.org", Reason: "550 5.1.1 no such user", Permanent: true, MessageID: "one@ours"},
		{MessageID: "two@ours", Recipient: "u@example.org", Reason: "4.4.1 delayed"},
	} {
		_, err := h.RecordBounce(ctx, mailTo(address, "bounce "+string(rune('a'+i)), "Undelivered"), b)
		h.must(err)
	}
	want := []string{
		"system note mail_automatic Out of office  until Monday via email",
		"system note mail_bounced 550 5.1.1 no such user u@example.org via email",
	}
	if said := h.mailThread(chat); !slices.Equal(said, want) {
		t.Errorf("the chat has %q", said)
	}
	if n := h.count(
		`SELECT count(*) FROM outgoing_mails WHERE state = 'failed' AND reply = '550 5.1.1 no such user' AND chat_id = ?`,
		chat,
	); n != 1 ||
		h.count(`SELECT count(*) FROM outgoing_mails WHERE state = 'failed'`) != 1 {
		t.Errorf("%d mails of the chat failed", n)
	}
	messages, err := h.Messages(ctx, admin, chat, 0, 200)
	h.must(err)
	if mail, err := h.MailOf(ctx, admin, chat, messages[0].ID); err != nil || mail.Kind != models.ReceivedAutomatic {
		t.Errorf("the line leads to %+v, %v", mail, err)
	}
	if c := h.chat(
		chat,
	); c.TotalMessages != before.TotalMessages || c.UnreadByAgent != before.UnreadByAgent ||
		c.AwaitingReplySince != nil {
		t.Errorf("the chat is %+v", c)
	}
	_, err = h.End(ctx, models.UserActor("u"), chat, "")
	h.must(err)
	version := h.chat(chat).Version
	_, err = h.RecordAutomaticMail(ctx, mailTo(address, "late", "I am away"))
	h.must(err)
	if h.chat(chat).Version != version || h.count(`SELECT count(*) FROM chats`) != 2 ||
		h.count(`SELECT count(*) FROM received_mails`) != 4 {
		t.Error("automatic mail changed a chat that has ended, began another, or was not recorded")
	}
}

func TestMailsWithoutTextAreShown(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	h.set("MASK_CARDS", "true")
	h.set("RATE_MAIL", "100")
	chat := h.ask("u").Chat.ID
	address := h.addressOf(chat)
	for i, m := range []models.IncomingMail{
		{Content: "> all of it is quoted"},
		{Subject: "only a subject"},
		{Subject: "a picture", Content: " ", Files: []models.NewFile{h.letter("")}},
		{},
		{Content: "4111 1111 1111 1111", Written: "4111 1111 1111 1111"},
		{Content: "x\x00y\xff", Written: "x\x00y\xff"},
		{Content: strings.Repeat("长", 5000), Written: strings.Repeat("长", 5000)},
	} {
		m.Address, m.Key = address, sha256.Sum256([]byte{byte(i)})
		h.receive(m)
	}
	want := []string{
		"user text > all of it is quoted via email",
		"user text only a subject via email",
		"user file letter.pdf via email",
		"system note mail_empty",
		"user text •••• •••• •••• 1111 via email",
		"user text xy\uFFFD via email",
		"user text " + strings.Repeat("长", 3999) + "… via email",
	}
	if said := h.mailThread(chat); !slices.Equal(said, want) {
		t.Errorf("the chat has %q", said)
	}
	if n := h.count(`SELECT count(*) FROM received_mails WHERE content LIKE '%4111 1111%'`); n != 0 {
		t.Error("a card number is kept in the whole text")
	}
	if n := h.count(`SELECT count(*) FROM received_mails WHERE char_length(content) = 5000`); n != 1 {
		t.Error("the whole text is not kept")
	}
}

func TestASenderOfMailIsLimited(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	h.set("RATE_MAIL", "2")
	chat, other := h.ask("u").Chat.ID, h.ask("other").Chat.ID
	address := h.addressOf(chat)
	for _, id := range []string{"1", "2", "1", "2", "1"} { // again does not count
		h.must(h.CheckMail(t.Context(), h.addressOf(other)))
		h.receive(mailTo(address, id, "mail "+id))
	}
	_, err := h.ReceiveMail(t.Context(), mailTo(address, "3", "too much"))
	h.refused(err, "rate_limited")
	h.refused(h.CheckMail(t.Context(), address), "rate_limited")
	h.receive(mailTo(h.addressOf(other), "3", "of another"))
	h.exec(`UPDATE received_mails SET received_at = received_at - interval '61 seconds'`)
	h.receive(mailTo(address, "3", "later"))
}

func TestAWithdrawnMailIsForSupervisorsAlone(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	ctx := t.Context()
	anna := h.agent("anna", 3)
	chat := h.ask("u").Chat.ID
	h.receive(mailTo(h.addressOf(chat), "1", "a secret"))
	messages, err := h.Messages(ctx, anna, chat, 0, 200)
	h.must(err)
	id := messages[len(messages)-1].ID
	_, err = h.WithdrawMessage(ctx, models.UserActor("u"), chat, id)
	h.must(err)
	_, err = h.MailOf(ctx, anna, chat, id)
	h.refused(err, "mail_not_found")
	mail, err := h.MailOf(ctx, h.staff("ruth", models.RoleSupervisor), chat, id)
	h.must(err)
	if !strings.Contains(mail.Content, "a secret") {
		t.Errorf("a supervisor reads %q", mail.Content)
	}
}
