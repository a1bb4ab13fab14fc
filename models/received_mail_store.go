package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
)

// MailReceipt is where a received mail was stored.
type MailReceipt struct {
	ChatID   string
	Repeated bool // it was stored before, and nothing was stored now
}

// ReceiveMail stores a mail that a person wrote as messages of the user to whose chat its address belongs: the text, one
// message for each file, and lines for agents about files that are not kept. A mail is stored once for each address, however
// often and at however many instances it is delivered.
//
// A reply to a chat that has ended goes to the user's open chat. Without one it begins a chat of the channel message in the same
// department, with the sender as its contact and a line for agents about the earlier chat.
//
// The address alone decides who wrote the mail; what it claims as its sender is kept and not compared. An address that leads into
// no chat is 404 reply_address_not_found, more than RATE_MAIL mails to it within a minute are 429 rate_limited, and files that
// were planned too long ago are 409 file_expired.
func (d *Desk) ReceiveMail(ctx context.Context, in IncomingMail) (*MailReceipt, error) {
	return d.receive(ctx, in, ReceivedReply, addReply)
}

// RecordAutomaticMail records a mail that a program wrote. It makes no message of the user: while the chat is open, a line tells its
// agent. It returns and refuses as [Desk.ReceiveMail] does.
func (d *Desk) RecordAutomaticMail(ctx context.Context, in IncomingMail) (*MailReceipt, error) {
	return d.receive(ctx, in, ReceivedAutomatic, func(_ context.Context, _ *tx, c *chatChange, in IncomingMail) error {
		c.addMailLine(SystemMailAutomatic, map[string]string{"subject": in.Subject})
		return nil
	})
}

// Bounce is what a mail server reports about a mail that it could not deliver.
type Bounce struct {
	MessageID string // of the mail, without brackets; "" where the report lacks it
	Recipient string
	Reason    string // what the mail server said
	Permanent bool   // no further attempt is made
}

// RecordBounce records the report about a mail of ours and marks that mail as failed, if it is a mail of the chat and the failure is
// permanent. While the chat is open, a line tells its agent. It returns and refuses as [Desk.ReceiveMail] does.
func (d *Desk) RecordBounce(ctx context.Context, in IncomingMail, b Bounce) (*MailReceipt, error) {
	b.Recipient, b.Reason = truncate(oneLine(storable(b.Recipient)), maxMailAddress), truncate(oneLine(storable(b.Reason)), maxBounceReason)
	return d.receive(ctx, in, ReceivedBounce, func(ctx context.Context, t *tx, c *chatChange, _ IncomingMail) error {
		if !b.Permanent {
			return nil
		}
		if c.Chat.IsOpen() {
			c.addMailLine(SystemMailBounced, map[string]string{"email": b.Recipient, "reason": b.Reason})
		}
		return t.markUndelivered(ctx, c.Chat.ID, b)
	})
}

// markUndelivered marks the mail of a chat that a bounce is about as failed. The mail server that took it has given up.
func (t *tx) markUndelivered(ctx context.Context, chatID string, b Bounce) error {
	_, err := t.NewRaw(`UPDATE outgoing_mails SET state = 'failed', error = 'recipient_refused', reply = nullif(?, '')
		WHERE chat_id = ? AND message_id = ? AND state = 'sent'`, b.Reason, chatID, b.MessageID).Exec(ctx)
	return err
}

// maxBounceReason is how much of a mail server's reason is kept, in characters.
const maxBounceReason = 300

// receive stores a mail in the chat of its address, or in one that follows it. add adds to the chat what the mail brings.
func (d *Desk) receive(ctx context.Context, in IncomingMail, kind ReceivedKind, add addToChat) (*MailReceipt, error) {
	address, err := d.ReplyAddressOf(ctx, in.Address)
	if err != nil {
		return nil, err
	}
	r := reception{desk: d, mail: d.cleanMail(in), kind: kind, token: address.Token, chatID: address.ChatID, add: add}
	for {
		var receipt *MailReceipt
		err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
			var err error
			receipt, err = r.store(ctx, t)
			return err
		})
		switch {
		case violates(err, chatsOneOpenPerUser): // the user started a chat meanwhile, which is seen now
		case errors.Is(err, ErrChatNotFound):
			return nil, errNoReplyAddress
		case err != nil:
			return nil, err
		case receipt != nil:
			return receipt, nil
		default:
			r.mayStart = true
		}
	}
}

// addToChat adds to a locked chat what a mail brings, before the change is saved.
type addToChat func(context.Context, *tx, *chatChange, IncomingMail) error

// reception is a mail on its way into a chat.
type reception struct {
	desk          *Desk
	mail          IncomingMail
	kind          ReceivedKind
	token, chatID string // of its address
	add           addToChat
	mayStart      bool // the transaction takes the locks to start a chat, which come before that of the chat
}

// store stores the mail once. It returns nil where that needs a new chat and mayStart is not set.
func (r *reception) store(ctx context.Context, t *tx) (*MailReceipt, error) {
	if r.mayStart {
		if err := lockQueue(ctx, t); err != nil {
			return nil, err
		}
		_, err := t.NewRaw(`SELECT FROM users WHERE id = (SELECT user_id FROM chats WHERE id = ?) FOR KEY SHARE`, r.chatID).Exec(ctx)
		if err != nil {
			return nil, err
		}
	}
	// Its lock makes the mails to one address, and also one mail that is delivered twice, come one after the other.
	c, err := lockChat(ctx, t, r.chatID)
	if err != nil {
		return nil, err
	}
	before, repeated, err := r.receivedBefore(ctx, t)
	if err != nil || repeated {
		return before, err
	}
	if err := r.desk.checkMailRate(ctx, t, r.token); err != nil {
		return nil, err
	}
	switch {
	case c.IsOpen():
		return r.storeIn(ctx, t, t.change(c))
	case r.kind != ReceivedReply:
		if r.kind == ReceivedBounce {
			if err := r.add(ctx, t, t.change(c), r.mail); err != nil {
				return nil, err
			}
		}
		return &MailReceipt{ChatID: c.ID}, r.insert(ctx, t, c.ID, nil)
	}
	open, err := lockOpenChat(ctx, t, c.UserID)
	switch {
	case err != nil:
		return nil, err
	case open != nil:
		return r.storeIn(ctx, t, t.change(open))
	case !r.mayStart:
		return nil, nil
	}
	followUp, err := t.startFollowUp(ctx, c, r.token)
	if err != nil {
		return nil, err
	}
	receipt, err := r.storeIn(ctx, t, followUp)
	if err != nil {
		return nil, err
	}
	if _, err := r.desk.drainBatch(ctx, t); err != nil {
		return nil, err
	}
	t.requestDrain()
	return receipt, nil
}

// receivedBefore returns where the mail was stored before, and false for a new one. It locks that chat, so that its version is announced
// again: the mail may be delivered again because the first answer was lost.
func (r *reception) receivedBefore(ctx context.Context, t *tx) (*MailReceipt, bool, error) {
	var chatID string
	err := t.NewRaw(`SELECT chat_id FROM received_mails WHERE token = ? AND key = ?`, r.token, r.mail.Key[:]).Scan(ctx, &chatID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err == nil && chatID != r.chatID {
		_, err = lockChat(ctx, t, chatID)
	}
	return &MailReceipt{ChatID: chatID, Repeated: true}, true, err
}

// lockOpenChat locks and returns the open chat of a user, nil for none.
func lockOpenChat(ctx context.Context, t *tx, userID string) (*Chat, error) {
	var ids []string
	if err := t.NewRaw(`SELECT id FROM chats WHERE user_id = ? AND status <> 'ended'`, userID).
		Scan(ctx, &ids); err != nil ||
		len(ids) == 0 {
		return nil, err
	}
	c, err := lockChat(ctx, t, ids[0])
	if err != nil || !c.IsOpen() || c.UserID != userID { // it has ended meanwhile, or is another user's
		return nil, err
	}
	return c, nil
}

// startFollowUp inserts a chat that continues an ended one by e-mail and returns its first change, to be saved: a message with the
// sender as its contact. No consent is stored, because the user agreed to no text for it. A user who has an open chat violates
// [chatsOneOpenPerUser].
func (t *tx) startFollowUp(ctx context.Context, ended *Chat, token string) (*chatChange, error) {
	var sender struct{ Email, Locale string }
	err := t.NewRaw(`SELECT r.email, u.locale FROM reply_addresses r, users u WHERE r.token = ? AND u.id = ?`, token, ended.UserID).
		Scan(ctx, &sender)
	if err != nil {
		return nil, err
	}
	change, err := t.queueNew(ctx, &Chat{UserID: ended.UserID, Channel: ChannelMessage, Department: ended.Department})
	if err != nil {
		return nil, err
	}
	change.answerByEmail(contact{email: sender.Email, locale: cmp.Or(deref(ended.ContactLocale), sender.Locale), name: ended.ContactName})
	change.addAgentLine(SystemMailFollows, map[string]string{"chat_id": ended.ID})
	return change, nil
}

// storeIn saves the change of a locked chat with what the mail adds to it, and the mail itself.
func (r *reception) storeIn(ctx context.Context, t *tx, change *chatChange) (*MailReceipt, error) {
	if err := r.add(ctx, t, change, r.mail); err != nil {
		return nil, err
	}
	if len(change.Messages) == 0 { // a bounce that is not final
		return &MailReceipt{ChatID: change.Chat.ID}, r.insert(ctx, t, change.Chat.ID, nil)
	}
	if err := t.save(ctx, change); err != nil {
		return nil, err
	}
	var made []*Message
	for i := range change.Messages {
		if m := &change.Messages[i]; m.Via != nil {
			made = append(made, m)
		}
	}
	files := r.mail.Files
	for _, m := range made {
		if m.Type != Image && m.Type != File {
			continue
		}
		a := files[0].Attachment
		files = files[1:]
		a.ChatID, a.MessageID, a.PublicID, a.Name = m.ChatID, m.ID, newFileName(), m.Content
		if err := t.attach(ctx, &a); err != nil {
			return nil, err
		}
		m.Attachment = &a
	}
	return &MailReceipt{ChatID: change.Chat.ID}, r.insert(ctx, t, change.Chat.ID, made)
}

// insert stores the mail, with the messages that were made of it.
func (r *reception) insert(ctx context.Context, t *tx, chatID string, made []*Message) error {
	m := &r.mail
	row := &ReceivedMail{
		ChatID: chatID, Token: r.token, Key: m.Key[:], Kind: r.kind, FromEmail: m.FromEmail, FromName: m.FromName, Subject: m.Subject,
		Content: m.Content, Size: m.Size, ReceivedAt: t.now, MessageID: m.threadID(),
	}
	if len(made) > 0 {
		row.FirstMessageID, row.LastMessageID = &made[0].ID, &made[len(made)-1].ID
		_, err := t.NewRaw(`UPDATE messages SET via = ? WHERE chat_id = ? AND id BETWEEN ? AND ?`, ViaEmail, chatID, *row.FirstMessageID, *row.LastMessageID).
			Exec(ctx)
		if err != nil {
			return err
		}
	}
	_, err := t.NewInsert().Model(row).ExcludeColumn("id").Exec(ctx)
	return err
}

// addReply adds what a person wrote to the chat, then the files, then lines about what is not kept.
func addReply(_ context.Context, _ *tx, c *chatChange, in IncomingMail) error {
	made := 0
	add := func(kind MessageType, content string) {
		c.addReceived(Message{Type: kind, Content: content, ClientMessageID: mailMessageKey(in.Key, made)})
		made++
	}
	if text := in.visible(); text != "" {
		add(Text, truncate(text, maxContent))
	}
	for _, f := range in.Files {
		add(f.messageType(), f.Name)
	}
	if made == 0 {
		c.addAgentLine(SystemMailEmpty, nil)
	}
	c.addRefusedFiles(in.Refused)
	return nil
}

// addMailLine adds a line for agents from which they open a mail.
func (c *chatChange) addMailLine(kind string, args map[string]string) {
	c.addAgentLine(kind, args)
	c.Messages[len(c.Messages)-1].Via = ptr(ViaEmail)
}

// visible returns the text of the mail as the chat shows it: what its sender wrote; if that is nothing, the whole text or the subject,
// unless the mail has files. It may be "".
func (in *IncomingMail) visible() string {
	candidates := []string{in.Written}
	if len(in.Files) == 0 {
		candidates = append(candidates, in.Content, in.Subject)
	}
	for _, text := range candidates {
		if text = strings.TrimSpace(text); !IsBlank(text) {
			return text
		}
	}
	return ""
}

// maxRefusedNames is the length of the list of refused files in a line, in characters.
const maxRefusedNames = 1000

// addRefusedFiles adds a line for agents for each reason for which files are not kept.
func (c *chatChange) addRefusedFiles(refused []RefusedFile) {
	var reasons []string
	names := map[string][]string{}
	for _, f := range refused {
		if names[f.Reason] == nil {
			reasons = append(reasons, f.Reason)
		}
		names[f.Reason] = append(names[f.Reason], oneLine(storable(f.Name)))
	}
	for _, reason := range reasons {
		c.addAgentLine(SystemMailRefused, map[string]string{
			"names": truncate(strings.Join(names[reason], ", "), maxRefusedNames), "reason": reason,
		})
	}
}
