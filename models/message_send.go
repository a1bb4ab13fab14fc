package models

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// maxContent is the length of a message in code points.
const maxContent = 4000

// NewMessage is a text message to be sent.
type NewMessage struct {
	Content         string // 1 to 4,000 characters
	ClientMessageID string // idempotency key, 1 to 64 printable ASCII characters; "" for none
	// LastSeenID is the last message that the sender has seen: the message is sent unless the other side has sent another
	// one since. nil sends it in any case.
	LastSeenID   *int64
	QuickReplies []string // of a bot, at most 10 of 1 to 80 characters
	DraftChatID  string   // the chat in which the text was begun; "" for the one that it is sent in
}

// Send stores a text message and returns it. created is false when its client_message_id was used before for the same
// content; the message is then the first one, even in a chat that has ended. With another content it is 422
// idempotency_key_reused.
//
// A message of the other side that the sender has not seen is 409 newer_message, with that message as [Error.Newer]; a text
// that was begun in another chat is 409 draft_of_other_chat. Nothing is stored then.
//
// Content, a key or quick replies that are not valid are validation_failed, and so are quick replies of a person. An ended chat is 409
// chat_ended, one that the actor may not know of 404 chat_not_found, and to a supervisor who is not part of the chat it is 403
// not_in_chat.
func (d *Desk) Send(ctx context.Context, actor Actor, chatID string, n NewMessage) (m *Message, created bool, err error) {
	content, err := d.messageText("content", n.Content, 1, maxContent)
	if err != nil {
		return nil, false, err
	}
	key, err := clientMessageID(n.ClientMessageID)
	if err != nil {
		return nil, false, err
	}
	replies, err := d.checkQuickReplies(actor, n.QuickReplies)
	if err != nil {
		return nil, false, err
	}
	if n.LastSeenID != nil && *n.LastSeenID < 0 {
		return nil, false, invalid("last_seen_id", fieldOutOfBounds, "last_seen_id is the id of a message, or 0.")
	}
	message := newPendingMessage(actor, chatID, content, key)
	switch {
	case n.DraftChatID != "" && n.DraftChatID != chatID:
		if err = d.checkCanSend(ctx, actor, chatID); err == nil {
			err = ErrDraftOfOtherChat
		}
		return nil, false, err
	case actor.IsBot:
		m, err = d.sendByBot(ctx, actor, message, n.LastSeenID, replies)
	case n.LastSeenID != nil:
		m, err = d.sendUnlessNewer(ctx, actor, message, *n.LastSeenID)
	default:
		m, err = d.sends.send(ctx, message)
	}
	if errors.Is(err, errNotStored) {
		sent := strings.TrimSpace(n.Content)
		return d.answerRepeatedSend(ctx, actor, chatID, key, func(before *Message) bool {
			// MASK_CARDS may have been changed between the two.
			return before.Type == Text && (before.Content == sent || before.Content == MaskCards(sent)) &&
				slices.EqualFunc(before.QuickReplies, replies, func(a, b string) bool { return MaskCards(a) == MaskCards(b) })
		})
	}
	if err != nil {
		return nil, false, translate(err)
	}
	if message.chat != nil {
		d.continueAfter(ctx, actor, message.chat)
	}
	return m, true, nil
}

// answerRepeatedSend answers a send that stored nothing, because the message was sent before or may not be sent: with
// the message that has the key, if same reports that it is the same one as it was sent, or with the refusal. The answer is
// the message as it is now, which may have been edited or withdrawn. created is always false.
// The first answer may have been lost together with its event, so the chat's version is announced again.
func (d *Desk) answerRepeatedSend(
	ctx context.Context, actor Actor, chatID string, key *string, same func(*Message) bool,
) (m *Message, created bool, err error) {
	before, found, err := d.messageByClientID(ctx, actor, chatID, key)
	switch {
	case err != nil:
		return nil, false, err
	case found:
		sent, err := d.asSent(ctx, before)
		if err != nil {
			return nil, false, err
		}
		if same(sent) {
			if err := d.awaitDurable(ctx); err != nil {
				return nil, false, err
			}
			d.announceVersion(ctx, chatID)
			if c, err := d.readableChat(ctx, actor, chatID); err == nil {
				d.continueAfter(ctx, actor, c)
			}
			return before, false, nil
		}
		return nil, false, keyReused()
	}
	if err := d.checkCanSend(ctx, actor, chatID); err != nil {
		return nil, false, err
	}
	return nil, false, ErrChatEnded
}

// keyReused is the refusal of a client_message_id that was used for another message.
func keyReused() *Error {
	return &Error{
		Kind: Invalid, Code: "idempotency_key_reused",
		Detail: "This client_message_id was already used for a different message. Use a new id.",
		Fields: map[string]string{"client_message_id": "reused"},
	}
}

// messageByClientID returns the message that the actor sent with a key, and false when there is none or no key.
func (d *Desk) messageByClientID(ctx context.Context, actor Actor, chatID string, key *string) (*Message, bool, error) {
	if key == nil {
		return nil, false, nil
	}
	var messages []Message
	err := d.db.NewRaw(selectMessages+`WHERE m.chat_id = ? AND m.sender_type = ? AND m.sender_id = ? AND m.client_message_id = ?`,
		chatID, actor.senderType(), actor.ID, *key).Scan(ctx, &messages)
	if err != nil || len(messages) == 0 {
		return nil, false, translate(err)
	}
	return &messages[0], true, nil
}

// checkCanSend returns the refusal of [Desk.Send] for an actor who may not send a message in the chat now, and nil for
// one who may.
func (d *Desk) checkCanSend(ctx context.Context, actor Actor, chatID string) error {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return err
	}
	if err := actor.checkCanWrite(c); err != nil {
		return err
	}
	if !c.IsOpen() {
		d.announceVersions(chatVersionOf(c))
		return ErrChatEnded
	}
	return nil
}

// AddNote stores a note, which only agents see, and returns it. It is for those who may send messages in the chat and
// refuses as [Desk.Send] does.
func (d *Desk) AddNote(ctx context.Context, actor Actor, chatID, content string) (*Message, error) {
	content, err := d.messageText("content", content, 1, maxContent)
	if err != nil {
		return nil, err
	}
	var note *Message
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if !actor.IsAgent() {
			return ErrChatNotFound
		}
		if err := actor.checkCanWrite(c); err != nil {
			return err
		}
		if !c.IsOpen() {
			return ErrChatEnded
		}
		change := t.change(c)
		change.addMessage(Message{SenderType: FromAgent, SenderID: actor.ID, ByBot: actor.IsBot, Type: Note, Content: content})
		note = &change.Messages[0]
		return t.save(ctx, change)
	})
	return note, err
}

// Typing announces to the other side of an open chat that the actor is typing. Nothing is stored. It refuses as
// [Desk.Send] does.
func (d *Desk) Typing(ctx context.Context, actor Actor, chatID string) error {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return err
	}
	if err := actor.checkCanWrite(c); err != nil {
		return err
	}
	if !c.IsOpen() {
		return ErrChatEnded
	}
	d.publish([]Event{{Kind: KindTyping, Typing: &Typing{
		ChatID: c.ID, UserID: c.UserID, AgentID: c.ServedBy(), SenderType: actor.senderType(),
	}}})
	return nil
}
