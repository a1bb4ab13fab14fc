package models

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"time"
)

const maxContent = 4000

// NewMessage is what a person says.
type NewMessage struct {
	Content         string // 1 to 4,000 characters
	ClientMessageID string // idempotency key, 1 to 64 printable ASCII characters; "" for none
}

// insertMessage adds a message to a chat whose row this transaction holds and whose next version it belongs to.
func (t *tx) insertMessage(ctx context.Context, c *Chat, m Message) (*Message, error) {
	c.LastSeq++
	if m.Type != Note {
		c.TotalMessages++
	}
	m.ChatID, m.Seq, m.Version, m.Status, m.CreatedAt = c.ID, c.LastSeq, c.Version+1, Sent, t.now
	var args any
	if m.SystemArgs != nil {
		encoded, err := json.Marshal(m.SystemArgs)
		if err != nil {
			return nil, err
		}
		args = string(encoded)
	}
	err := t.NewRaw(insertMessage+` VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		m.ChatID, m.Seq, m.Version, m.SenderType, m.SenderID, m.Type, m.Content, m.ClientMessageID, m.CreatedAt, m.SystemKind, args).Scan(ctx, &m.ID)
	return &m, err
}

// addSystemMessage adds a system message.
func addSystemMessage(ctx context.Context, t *tx, c *Chat, kind string, args map[string]string) (*Message, error) {
	return t.insertMessage(ctx, c, Message{SenderType: FromSystem, Type: SystemMessage, SystemKind: &kind, SystemArgs: args})
}

// Send stores a message and returns it; created is false when client_message_id was used before with the same content, and the message is then the first one, even
// in a chat that has ended. With another content it is 422 idempotency_key_reused. An ended chat is 409 chat_ended, somebody else's
// chat_not_found, and to a supervisor who is not part of it 403 not_in_chat.
func (d *Desk) Send(ctx context.Context, actor Actor, chatID string, n NewMessage) (m *Message, created bool, err error) {
	content, err := d.messageText("content", n.Content, 1, maxContent)
	if err != nil {
		return nil, false, err
	}
	key, err := clientMessageID(n.ClientMessageID)
	if err != nil {
		return nil, false, err
	}
	m, err = d.sends.send(ctx, &pendingMessage{side: queriesFor(actor), chatID: chatID, senderID: actor.ID, content: content, key: key})
	switch {
	case err != nil:
		return nil, false, translate(err)
	case m == nil:
		said := strings.TrimSpace(n.Content)
		return d.answerRepeatedSend(ctx, actor, chatID, key, func(before *Message) bool {
			// It may have been sent before or after MASK_CARDS was changed.
			return before.Type == Text && (before.Content == said || before.Content == MaskCards(said))
		})
	}
	return m, true, nil
}

// queriesFor is how the messages of the actor's side are stored.
func queriesFor(actor Actor) *senderQueries {
	if actor.IsAgent() {
		return &agentQueries
	}
	return &userQueries
}

// answerRepeatedSend answers a send that stored nothing: it was sent before, or it may not be sent. same tells whether a message is the one that was sent again.
// The first answer may have been lost together with the announcement, so how far the chat has come is announced again.
func (d *Desk) answerRepeatedSend(ctx context.Context, actor Actor, chatID string, key *string, same func(*Message) bool) (*Message, bool, error) {
	before, err := d.messageByClientID(ctx, actor, chatID, key)
	switch {
	case err != nil:
		return nil, false, err
	case before != nil && same(before):
		d.announceVersion(ctx, chatID)
		return before, false, nil
	case before != nil:
		return nil, false, &Error{Kind: Invalid, Code: "idempotency_key_reused",
			Detail: "This client_message_id was already used for a different message. Use a new id.",
			Fields: map[string]string{"client_message_id": "reused"}}
	}
	if err := d.checkCanSend(ctx, actor, chatID); err != nil {
		return nil, false, err
	}
	return nil, false, ErrChatEnded
}

// messageByClientID returns the message that the actor sent with a key, nil when there is none.
func (d *Desk) messageByClientID(ctx context.Context, actor Actor, chatID string, key *string) (*Message, error) {
	if key == nil {
		return nil, nil
	}
	var found []Message
	err := d.db.NewRaw(selectMessages+`WHERE m.chat_id = ? AND m.sender_type = ? AND m.sender_id = ? AND m.client_message_id = ?`,
		chatID, actor.senderType(), actor.ID, *key).Scan(ctx, &found)
	if err != nil || len(found) == 0 {
		return nil, translate(err)
	}
	return &found[0], nil
}

// checkCanSend refuses whoever may not say something in the chat now, as [Desk.Send] does.
func (d *Desk) checkCanSend(ctx context.Context, actor Actor, chatID string) error {
	c, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return err
	}
	if err := actor.checkCanWrite(&c.Chat); err != nil {
		return err
	}
	if !c.IsOpen() {
		d.announceVersions(chatVersionOf(&c.Chat))
		return ErrChatEnded
	}
	return nil
}

// AddNote stores a note that only agents see, in a chat that the actor may read and that has not ended.
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
		if note, err = t.insertMessage(ctx, c, Message{SenderType: FromAgent, SenderID: actor.ID, Type: Note, Content: content}); err != nil {
			return err
		}
		if err := saveChat(ctx, t, c); err != nil {
			return err
		}
		t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c, Messages: []Message{*note}}})
		return nil
	})
	return note, err
}

// Messages returns a chat's messages after an id, oldest first; limit is 1 to 200, 0 for 50. Users do not see notes. That somebody reads who
// is not part of the chat is noted.
func (d *Desk) Messages(ctx context.Context, actor Actor, chatID string, afterID int64, limit int) ([]Message, error) {
	limit, err := limitOrDefault(limit, MaxLimit)
	if err != nil {
		return nil, err
	}
	return d.messages(ctx, actor, chatID, selectMessages+`WHERE m.chat_id = ? AND (? OR m.message_type <> 'note') AND m.id > ? ORDER BY m.id LIMIT ?`, afterID, limit)
}

// MessagesBefore returns the newest messages of a chat before an id, oldest first, as Messages does, and whether the actor may see still earlier
// ones. beforeID 0 stands for the end of the chat: the result is then the last messages.
func (d *Desk) MessagesBefore(ctx context.Context, actor Actor, chatID string, beforeID int64, limit int) (found []Message, hasEarlier bool, err error) {
	if limit, err = limitOrDefault(limit, MaxLimit); err != nil {
		return nil, false, err
	}
	if beforeID == 0 {
		beforeID = math.MaxInt64
	}
	found, err = d.messages(ctx, actor, chatID, `SELECT * FROM (`+selectMessages+`WHERE m.chat_id = ? AND (? OR m.message_type <> 'note') AND m.id < ?
		ORDER BY m.id DESC LIMIT ?) newest ORDER BY id`, beforeID, limit+1)
	if hasEarlier = len(found) > limit; hasEarlier {
		found = found[1:]
	}
	return found, hasEarlier, err
}

// messages returns what a query finds that takes the chat, whether notes are wanted, an id and a number of rows.
func (d *Desk) messages(ctx context.Context, actor Actor, chatID, query string, id int64, rows int) ([]Message, error) {
	c, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	if !actor.isParticipant(&c.Chat) {
		if err := d.auditChatRead(ctx, actor, &c.Chat); err != nil {
			return nil, err
		}
	}
	messages := []Message{}
	err = d.db.NewRaw(query, chatID, actor.IsAgent(), id, rows).Scan(ctx, &messages)
	return messages, translate(err)
}

// Typing tells the other side of an active chat that the actor writes. Nothing is stored.
func (d *Desk) Typing(ctx context.Context, actor Actor, chatID string) error {
	c, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return err
	}
	if err := actor.checkCanWrite(&c.Chat); err != nil {
		return err
	}
	if !c.IsOpen() {
		return ErrChatEnded
	}
	d.publish([]Event{{Kind: KindTyping, Typing: &Typing{ChatID: c.ID, UserID: c.UserID, AgentID: c.ServedBy(), SenderType: actor.senderType()}}})
	return nil
}

// KeepAlive starts a new silence in an active chat without a message: the person answered the warning.
func (d *Desk) KeepAlive(ctx context.Context, actor Actor, chatID string) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if err := actor.checkCanWrite(c); err != nil {
			return err
		}
		if c.Status == Ended {
			return ErrChatEnded
		}
		if c.Status != Active || (c.WarnedAt == nil && t.now.Sub(*c.IdleSince) < time.Second) {
			return nil
		}
		c.IdleSince, c.WarnedAt = ptr(t.now), nil
		if err := saveChat(ctx, t, c); err != nil {
			return err
		}
		t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c}})
		return nil
	})
}
