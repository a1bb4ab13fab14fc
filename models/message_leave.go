package models

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// LeaveMessage is a message that a user leaves to get the answer by e-mail.
type LeaveMessage struct {
	Email           string // "" for that of a user who is verified by a host site
	Name            string // "" for the user's own
	Message         string // may be "" if the user has asked in the chat that waits
	ClientMessageID string // idempotency key of the message
	Consent         bool   // to the text of MESSAGE_CONSENT
	Locale          string // the language in which to write to the user; "" for the user's own
	Department      string // short name; "" for none. This and the next ones are ignored for a chat that waits
	PageURL         string
	PageTitle       string
	OwnOrigin       string // see [Page]

	Site    string  // see [AssignRequest]
	Answers Answers // as in AssignRequest
}

// contact is where the answer to a message goes, and what the user agreed to.
type contact struct {
	email, locale     string
	name, consentText *string
}

// unattended is the user_seen_at of messages that wait. It keeps the previous release, which knows no messages, from ending
// them as abandoned.
var unattended = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// errChatActive is the refusal of a message while an agent serves the user.
var errChatActive = conflict("chat_active", "An agent is answering your chat already. Write there.")

// errMessagesOff is the refusal of a message where MESSAGES is off.
var errMessagesOff = conflict("messages_off", "Messages cannot be left here. Wait for an agent, or come back later.")

// LeaveMessage makes the user's waiting chat a message, with its id, place and messages, or starts one, and returns it as
// [Desk.Assign] does. A message waits without end, is answered like any other chat and takes no place of a live one. To
// leave it again with the same key changes nothing; while it waits, another address or text is added.
//
// An address, name or text that is not valid, a missing address or question, a missing consent and an unknown department
// are validation_failed. A chat that an agent has is 409 chat_active, messages that are switched off are 409 messages_off.
// An erased user is 401 unauthorized.
func (d *Desk) LeaveMessage(ctx context.Context, userID string, r LeaveMessage) (*Assignment, error) {
	s := d.Settings()
	if !s.Messages {
		return nil, errMessagesOff
	}
	u, err := d.UserByID(ctx, userID)
	if ErrUserNotFound.Is(err) {
		return nil, ErrUnauthorized
	}
	if err != nil {
		return nil, err
	}
	var faults fieldFaults
	to, err := r.contact(u, s)
	faults.add(err)
	content, err := d.messageText("message", r.Message, 0, maxContent)
	faults.add(err)
	key, err := clientMessageID(r.ClientMessageID)
	faults.add(err)
	pageURL, err := optionalText("page_url", oneLine(r.PageURL), 2000)
	faults.add(err)
	pageTitle, err := optionalText("page_title", oneLine(r.PageTitle), 300)
	faults.add(err)
	if err := faults.err(); err != nil {
		return nil, err
	}
	chat, found, err := d.openChat(ctx, userID)
	if err != nil {
		return nil, err
	}
	var message *Message
	if !found {
		if content == "" {
			return nil, invalid("message", fieldRequired, "Write your question.")
		}
		asked := AssignRequest{
			Message: r.Message, ClientMessageID: r.ClientMessageID, Department: r.Department, OwnOrigin: r.OwnOrigin,
			Site: r.Site, Answers: r.Answers,
		}
		chat, message, err = d.startChat(ctx, userID, asked, content, pageURL, pageTitle, to)
		found = violates(err, chatsOneOpenPerUser) // another request of the user was faster
		if err != nil && !found {
			return nil, err
		}
		if found {
			if chat, found, err = d.openChat(ctx, userID); err != nil {
				return nil, err
			}
			if !found {
				return nil, errChatJustEnded
			}
		}
	}
	if found {
		if message, err = d.leaveInChat(ctx, chat.ID, content, key, to); err != nil {
			return nil, err
		}
	}
	return d.assignment(ctx, chat.ID, r.Site, message)
}

// contact checks where the answer goes.
func (r *LeaveMessage) contact(u *User, s Settings) (*contact, error) {
	var faults fieldFaults
	to := &contact{email: strings.TrimSpace(r.Email), locale: knownLocale(r.Locale)}
	if r.Locale == "" {
		to.locale = u.Locale
	}
	var err error
	switch {
	case to.email != "":
		to.email, err = checkEmail(oneLine(to.email))
		faults.add(err)
	case u.IsVerified && u.Email != nil:
		to.email = *u.Email
	default:
		faults.add(invalid("email", fieldRequired, "Enter the e-mail address to which the answer goes."))
	}
	to.name, err = optionalText("name", oneLine(r.Name), maxUserName)
	faults.add(err)
	if s.MessageConsent != "" {
		if !r.Consent {
			faults.add(invalid("consent", fieldRequired, "Agree to the text first."))
		}
		consent := strings.TrimSpace(s.MessageConsent + " " + s.ConsentURL)
		to.consentText = &consent
	}
	return to, faults.err()
}

// leaveInChat makes an open chat of the user a message, and adds the text unless it is "" or was added before.
func (d *Desk) leaveInChat(ctx context.Context, chatID, content string, key *string, to *contact) (*Message, error) {
	var message *Message
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		message = nil
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		before, sent, err := t.messageWithKey(ctx, c, key)
		if err != nil {
			return err
		}
		if sent {
			if before.Type != Text || before.Content != content {
				return keyReused()
			}
			if message = before; c.IsMessage() {
				return nil
			}
		}
		switch {
		case c.Status == Ended:
			return errChatJustEnded
		case c.Status == Active:
			return errChatActive
		case content == "" && c.AwaitingReplySince == nil:
			return invalid("message", fieldRequired, "Write your question.")
		}
		change := t.change(c)
		if content != "" && !sent {
			change.addUserMessage(content, key)
		}
		change.leaveMessage(*to)
		change.Chat.UserHereAt = &change.now
		if content != "" && !sent {
			message = &change.Messages[0]
		}
		t.requestDrain()
		if err := t.save(ctx, change); err != nil {
			return err
		}
		return d.confirmMessage(ctx, t, change)
	})
	return message, err
}

// messageWithKey returns the message of the chat's user with a key, and false when there is none or no key.
func (t *tx) messageWithKey(ctx context.Context, c *Chat, key *string) (*Message, bool, error) {
	if key == nil {
		return nil, false, nil
	}
	var found []Message
	err := t.NewRaw(selectMessages+`WHERE m.chat_id = ? AND m.sender_type = 'user' AND m.sender_id = ? AND m.client_message_id = ?`,
		c.ID, c.UserID, *key).Scan(ctx, &found)
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	return &found[0], true, nil
}

// leaveMessage makes a waiting chat a message whose answer goes to the contact. A message that is one already gets the new
// contact.
func (c *chatChange) leaveMessage(to contact) {
	chat := &c.Chat
	if !chat.IsMessage() && chat.Version > 0 {
		c.queueCause = CauseLeft
	}
	if !chat.IsMessage() || deref(chat.ContactEmail) != to.email {
		c.addSystemMessage(SystemMessageLeft, map[string]string{"email": to.email})
	}
	c.answerByEmail(to)
}

// answerByEmail makes a chat that waits a message whose answers go to the contact, and stores what the user agreed to.
func (c *chatChange) answerByEmail(to contact) {
	chat := &c.Chat
	chat.Channel, chat.UserSeenAt, chat.IdleSince, chat.WarnedAt = ChannelMessage, unattended, nil, nil
	chat.ContactEmail, chat.ContactLocale = &to.email, &to.locale
	if to.name != nil {
		chat.ContactName = to.name
	}
	if to.consentText != nil {
		chat.ConsentText, chat.ConsentedAt = to.consentText, &c.now
	}
}

// offeredMessage reports whether the user of a chat that waits could leave a message when the wait began, or can now.
func (d *Desk) offeredMessage(ctx context.Context, chatID string) (bool, error) {
	if !d.Settings().Messages {
		return false, nil
	}
	c := new(Chat)
	err := d.db.NewRaw(`SELECT * FROM chats WHERE id = ?`, chatID).Scan(ctx, c)
	if errors.Is(err, sql.ErrNoRows) || err == nil && c.AwaitingReplySince == nil {
		return false, nil
	}
	if err != nil {
		return false, translate(err)
	}
	if hours := d.HoursOf(deref(c.Department)); hours != nil && !hours.IsOpen(c.WaitsSince()) {
		return true, nil
	}
	status, err := d.queueStatusOf(ctx, c)
	return status.MessageOffer != "", err
}

// keepAsMessage makes the locked chat of a user who left the queue a message, if the user asked something, a message was
// offered, see [Desk.offeredMessage], and an address of the user is known: one that a host site has verified, or one that
// the user entered. The consent is the one that the user gave before: to leaving a message earlier, or as an answer to a
// question of that kind. It returns whether it did.
func (d *Desk) keepAsMessage(ctx context.Context, t *tx, change *chatChange, offered bool) (bool, error) {
	c := &change.Chat
	if !offered || c.AwaitingReplySince == nil {
		return false, nil
	}
	u := new(User)
	if err := t.NewRaw(`SELECT * FROM users WHERE id = ?`, c.UserID).Scan(ctx, u); err != nil {
		return false, err
	}
	to := contact{locale: u.Locale}
	switch {
	case c.ContactEmail != nil:
		to.email = *c.ContactEmail
	case u.Email != nil:
		email, err := checkEmail(*u.Email)
		if err != nil {
			return false, nil //nolint:nilerr // a host site may have signed anything
		}
		to.email = email
	default:
		return false, nil
	}
	change.leaveMessage(to)
	if err := t.keepConsent(ctx, change); err != nil {
		return false, err
	}
	t.requestDrain()
	if err := t.save(ctx, change); err != nil {
		return true, err
	}
	return true, d.confirmMessage(ctx, t, change)
}

// keepConsent stores the consents among the answers of a chat as what its user agreed to, unless there is something already.
func (t *tx) keepConsent(ctx context.Context, change *chatChange) error {
	c := &change.Chat
	if c.ConsentedAt != nil || c.AnsweredAt == nil {
		return nil
	}
	var given []Answer
	err := t.NewRaw(`SELECT * FROM chat_answers WHERE chat_id = ? AND kind = ? AND value = ? ORDER BY position, question_id`,
		c.ID, ConsentQuestion, answerTrue).Scan(ctx, &given)
	if err != nil || len(given) == 0 {
		return err
	}
	texts := make([]string, len(given))
	for i := range given {
		texts[i] = strings.TrimSpace(given[i].Question(deref(c.ContactLocale)) + " " + given[i].Link)
	}
	c.ConsentText, c.ConsentedAt = ptr(strings.Join(texts, "\n")), &given[len(given)-1].AnsweredAt
	return nil
}

// continueLive makes a message that waits a live chat again, at the place of its first question, if the desk is open and
// an agent who serves it is online. In any other chat it changes nothing, so it happens once.
func (d *Desk) continueLive(ctx context.Context, chatID string) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil || c.Status != Waiting || !c.IsMessage() {
			return err
		}
		if hours := d.HoursOf(deref(c.Department)); hours != nil && !hours.IsOpen(t.now) {
			return nil
		}
		online, err := d.agents(ctx, t, `WHERE a.choice = 'online' AND a.max_concurrent > 0 AND a.disabled_at IS NULL`)
		if err != nil {
			return err
		}
		for i := range online {
			if a := &online[i]; a.Presence != Online || !a.Serves(c.Department) {
				continue
			}
			change := t.change(c)
			change.continueLive()
			t.requestDrain()
			return t.save(ctx, change)
		}
		return nil
	})
}

// continueLive makes a message that waits a live chat. Where the answer would go is kept, in case the user leaves again.
func (c *chatChange) continueLive() {
	chat := &c.Chat
	chat.Channel, chat.UserSeenAt, chat.UserHereAt, chat.LiveAt = ChannelChat, c.now, nil, &c.now
	c.addSystemMessage(SystemMessageLive, nil)
	c.queueCause = CauseReturned
}

// continueAfter makes the message in which its user has just written a live chat, see continueLive. What was written is stored
// already, so a failure is no failure of the request: the next message of the user tries it again.
func (d *Desk) continueAfter(ctx context.Context, actor Actor, c *Chat) {
	if !actor.IsUser() || c.Status != Waiting || !c.IsMessage() {
		return
	}
	if err := d.continueLive(ctx, c.ID); err != nil {
		d.log.Warn("message could not be made a live chat, will retry with the next one", "chat_id", c.ID, "error", err)
	}
}
