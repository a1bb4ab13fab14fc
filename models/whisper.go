package models

import "context"

// errChatNotActive refuses what only an active chat allows.
var errChatNotActive = conflict("chat_not_active", "This chat is not with an agent.")

// NewWhisper is a whisper to be stored.
type NewWhisper struct {
	Content         string
	ClientMessageID string // as of [NewMessage]; "" for none
}

// Whisper stores a message from a supervisor to the agent of an active chat and returns it. Users learn nothing of it, and
// it changes neither the idle time nor what counts as a reply. created is false when its client_message_id was used before.
//
// It is for supervisors, to all others 403 role_required; to the chat's own agent it is 409 already_assigned. A waiting chat
// is 409 chat_not_active, an ended one 409 chat_ended; content or a key that is not valid is validation_failed.
func (d *Desk) Whisper(ctx context.Context, actor Actor, chatID string, n NewWhisper) (m *Message, created bool, err error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, false, err
	}
	return d.whisper(ctx, actor, chatID, n, func(_ context.Context, _ *tx, c *Chat) error {
		if actor.isParticipant(c) {
			return ErrAlreadyAssigned.WithDetail("You have this chat already.")
		}
		return nil
	})
}

// AnswerWhisper is Whisper by the agent who has the chat, to the supervisors. A supervisor who does not have it gets 403
// not_in_chat, all others 404 chat_not_found; in a chat in which no supervisor has whispered it is 409 no_whisper.
func (d *Desk) AnswerWhisper(ctx context.Context, actor Actor, chatID string, n NewWhisper) (m *Message, created bool, err error) {
	return d.whisper(ctx, actor, chatID, n, func(ctx context.Context, t *tx, c *Chat) error {
		if err := actor.checkHas(c); err != nil {
			return err
		}
		return t.checkWhispered(ctx, actor, c)
	})
}

// whisper stores a whisper in an active chat unless check refuses it.
func (d *Desk) whisper(
	ctx context.Context, actor Actor, chatID string, n NewWhisper, check func(context.Context, *tx, *Chat) error,
) (m *Message, created bool, err error) {
	content, err := d.messageText("content", n.Content, 1, maxContent)
	if err != nil {
		return nil, false, err
	}
	key, err := clientMessageID(n.ClientMessageID)
	if err != nil {
		return nil, false, err
	}
	if before, found, err := d.messageByClientID(ctx, actor, chatID, key); err != nil || found {
		return d.repeatedWhisper(ctx, actor, chatID, before, content, err)
	}
	_, err = d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if err := check(ctx, t, c); err != nil {
			return err
		}
		if c.Status != Active {
			return errChatNotActive
		}
		kind := whisperKind
		change.addMessage(Message{
			SenderType: FromAgent, SenderID: actor.ID, Type: Note, SystemKind: &kind, Content: content, ClientMessageID: key,
		})
		if err := t.save(ctx, change); err != nil {
			return err
		}
		m = &change.Messages[0]
		return t.audit(ctx, actor, AuditChatWhispered, aboutChat(c), details{
			"agent_id": step{actor.ID, receiverOf(actor, c)}, "message_id": m.ID,
		})
	})
	if violates(err, messagesClientMessageIDUnique) { // the first request was committed a moment ago
		before, _, err := d.messageByClientID(ctx, actor, chatID, key)
		return d.repeatedWhisper(ctx, actor, chatID, before, content, err)
	}
	return m, err == nil, err
}

// repeatedWhisper answers a whisper whose key was used before.
func (d *Desk) repeatedWhisper(
	ctx context.Context, actor Actor, chatID string, before *Message, content string, err error,
) (*Message, bool, error) {
	if err != nil {
		return nil, false, err
	}
	if _, err := d.readableChat(ctx, actor, chatID); err != nil {
		return nil, false, err
	}
	sent, err := d.asSent(ctx, before)
	if err != nil {
		return nil, false, err
	}
	if !before.IsWhisper() || sent.Content != content {
		return nil, false, keyReused()
	}
	if err := d.awaitDurable(ctx); err != nil {
		return nil, false, err
	}
	d.announceVersion(ctx, chatID)
	return before, false, nil
}

// checkWhispered refuses the agent of a chat in which no supervisor has whispered.
func (t *tx) checkWhispered(ctx context.Context, actor Actor, c *Chat) error {
	var whispered bool
	err := t.NewRaw(`SELECT EXISTS (SELECT FROM messages WHERE chat_id = ? AND message_type = 'note' AND system_kind = ? AND sender_id <> ?)`,
		c.ID, whisperKind, actor.ID).
		Scan(ctx, &whispered)
	if err == nil && !whispered {
		err = conflict("no_whisper", "No supervisor has whispered in this chat. Raise a hand to ask for help.")
	}
	return err
}

// receiverOf returns the receiver of a whisper: the id of the chat's agent, "" for the supervisors.
func receiverOf(actor Actor, c *Chat) string {
	if actor.isParticipant(c) {
		return ""
	}
	return c.ServedBy()
}
