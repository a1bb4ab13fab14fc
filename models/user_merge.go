package models

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// identifiedSessionTTL is how long a session lasts after the host site has last signed who the user is.
const identifiedSessionTTL = 7 * 24 * time.Hour

// Identify opens a session of 7 days for a user whose identity a host site has signed, and returns its token and the
// user. held is the token of the session that the browser has, "" for none:
//
//   - If it is a session of the same user, it is prolonged and the returned token is "".
//   - If it is an anonymous user's, all chats of that user become those of the identified one and the anonymous user is
//     deleted. Where both have an open chat, one goes on and the other ends, as described at [Desk.mergeChats].
//   - If it is another identified user's, it ends, and that user's chats stay where they are.
//
// An identity that is not valid is validation_failed; one that was signed before the user was erased is 401
// unauthorized.
func (d *Desk) Identify(ctx context.Context, id Identity, held, userAgent string) (token string, u *User, err error) {
	id.Verified = true
	if err := id.check(); err != nil {
		return "", nil, err
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		token = ""
		before, hasSession, err := userOfSession(ctx, t, held)
		if err != nil {
			return err
		}
		if hasSession && before.ID == id.ID {
			if u, err = ensureUser(ctx, t, id); err != nil {
				return err
			}
			_, err = t.NewRaw(`UPDATE sessions SET expires_at = now() + make_interval(secs => ?) WHERE token_hash = ?`,
				identifiedSessionTTL.Seconds(), HashToken(held)).Exec(ctx)
			return err
		}
		if hasSession && !before.IsVerified {
			if u, err = d.mergeUser(ctx, t, before.ID, id); err != nil {
				return err
			}
		} else if u, err = ensureUser(ctx, t, id); err != nil {
			return err
		}
		if hasSession {
			if err := endSession(ctx, t, HashToken(held)); err != nil {
				return err
			}
		}
		var hash []byte
		token, hash = newToken()
		return insertUserSession(ctx, t, hash, u.ID, userAgent, identifiedSessionTTL)
	})
	if violates(err, sessionsUserIDFkey) { // the user was erased meanwhile
		return "", nil, ErrUnauthorized
	}
	if violates(err, chatsOneOpenPerUser) { // the user started a chat meanwhile, which is seen now
		return d.Identify(ctx, id, held, userAgent)
	}
	return token, u, err
}

// userOfSession returns the user of the session that a token opens, and false when it opens none or an agent's.
func userOfSession(ctx context.Context, t *tx, token string) (u *User, found bool, err error) {
	if token == "" {
		return nil, false, nil
	}
	u = new(User)
	err = t.NewRaw(`SELECT u.* FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ? AND s.expires_at > now()`,
		HashToken(token)).Scan(ctx, u)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return u, err == nil, err
}

// mergeUser stores the identified user, moves the chats of the anonymous user from there, ends the anonymous user's
// sessions and deletes that user.
func (d *Desk) mergeUser(ctx context.Context, t *tx, from string, id Identity) (*User, error) {
	var open bool
	if err := t.NewRaw(`SELECT EXISTS (SELECT FROM chats WHERE user_id = ? AND status <> 'ended')`, from).Scan(ctx, &open); err != nil {
		return nil, err
	}
	if open { // an open chat that gets another user must not be assigned in the meantime; the queue's lock comes first in the lock order
		if err := lockQueue(ctx, t); err != nil {
			return nil, err
		}
	}
	// From here on a request that starts a chat for the anonymous user waits for the lock and is then refused, so that
	// no chat stays behind.
	var anonymous bool
	err := t.NewRaw(`SELECT NOT is_verified FROM users WHERE id = ? FOR UPDATE`, from).Scan(ctx, &anonymous)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if !anonymous { // another request has done it already
		return ensureUser(ctx, t, id)
	}
	u, changed, err := upsertUser(ctx, t, id)
	if err != nil {
		return nil, err
	}
	if err := moveProfile(ctx, t, from, u.ID); err != nil {
		return nil, err
	}
	if err := d.reassignChats(ctx, t, from, u); err != nil {
		return nil, err
	}
	if err := emitUser(ctx, t, u, from); err != nil {
		return nil, err
	}
	if changed {
		if err := announceUser(ctx, t, u); err != nil {
			return nil, err
		}
	}
	var sessions [][]byte
	err = t.NewRaw(`DELETE FROM sessions WHERE user_id = ? RETURNING token_hash`, from).Scan(ctx, &sessions)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	for _, hash := range sessions {
		t.emit(Event{Kind: KindSignedOut, SessionHash: hash})
	}
	_, err = t.NewRaw(`DELETE FROM users WHERE id = ?`, from).Exec(ctx)
	return u, err
}

// announcedAfterEnd is how long after its end a chat may still be open on a screen, so that changes of it are
// announced.
const announcedAfterEnd = 10 * time.Minute

// reassignChats moves every chat of one user to another, and makes one of two open chats. The sender of the messages
// changes too, so that a message that is sent again is still found by its client_message_id.
func (d *Desk) reassignChats(ctx context.Context, t *tx, from string, u *User) error {
	to := u.ID
	var chats []*Chat
	err := t.NewRaw(`SELECT * FROM chats WHERE user_id = ? OR user_id = ? AND status <> 'ended' ORDER BY id FOR UPDATE`,
		from, to).Scan(ctx, &chats)
	if err != nil {
		return err
	}
	if err := t.tick(ctx); err != nil {
		return err
	}
	_, err = t.NewRaw(`UPDATE messages SET sender_id = ?1
		WHERE sender_type = 'user' AND chat_id IN (SELECT id FROM chats WHERE user_id = ?0)`, from, to).Exec(ctx)
	if err != nil {
		return err
	}
	var own, brought *Chat
	for _, c := range chats {
		switch {
		case !c.IsOpen():
		case c.UserID == to:
			own = c
		default:
			brought = c
		}
	}
	for _, c := range chats {
		if c.UserID != from || c == brought && own != nil {
			continue
		}
		change := t.change(c)
		change.Chat.UserID, change.User = to, u.Card()
		if !c.IsOpen() && t.now.Sub(*c.EndedAt) >= announcedAfterEnd {
			err = t.write(ctx, []*chatChange{change}, nil)
		} else {
			err = t.save(ctx, change)
		}
		if err != nil {
			return err
		}
	}
	if own == nil || brought == nil {
		return nil
	}
	return d.mergeChats(ctx, t, own, brought, u)
}

// mergeChats makes one open chat of two locked ones, since a user may have only one: the identified user's own, and the
// one taken over from the anonymous user. The own one goes on, unless it waits and the other is with an agent. A user who has a person, or
// waits live for one, does not go back to a bot. The one that does not go on ends (type auto) with a system message about it and stays in
// the history. Its messages that await a reply are copied to the one that goes on, which also gets the better of the two positions in the
// queue.
func (d *Desk) mergeChats(ctx context.Context, t *tx, own, brought *Chat, u *User) error {
	var broughtGoesOn bool
	switch {
	case own.IsWithBot():
		broughtGoesOn = !brought.IsWithBot() && (brought.Status == Active || !brought.IsMessage())
	case own.Status == Waiting && brought.Status == Active:
		broughtGoesOn = !brought.IsWithBot() || own.IsMessage()
	}
	keep, leave := own, brought
	if broughtGoesOn {
		keep, leave = brought, own
	}
	unanswered, err := messagesAwaitingReply(ctx, t, leave)
	if err != nil {
		return err
	}
	if err := d.endInFavorOf(ctx, t, leave, keep, u); err != nil {
		return err
	}
	change := t.change(keep)
	change.keepContact(leave)
	if keep.Status == Waiting {
		takeBetterPosition(&change.Chat, leave)
		if keep.IsMessage() && !leave.IsMessage() { // the user is there
			change.continueLive()
			t.requestDrain()
		}
	}
	change.Chat.UserID, change.User = u.ID, u.Card()
	if !change.Chat.IsMessage() {
		change.Chat.UserSeenAt = t.now
	}
	if len(unanswered) > 0 {
		change.copyMessages(unanswered, leave.AwaitingReplySince, d.Settings().MaskCards)
	}
	return t.save(ctx, change)
}

// keepContact takes over where the answer to a message goes, and what its user agreed to, from another chat of the same user,
// unless the chat has an address of its own: the user may leave the queue again.
func (c *chatChange) keepContact(other *Chat) {
	chat := &c.Chat
	isSame := chat.ContactEmail != nil && other.ContactEmail != nil && strings.EqualFold(*chat.ContactEmail, *other.ContactEmail)
	if other.ContactEmail != nil && chat.ContactEmail == nil {
		chat.ContactEmail, chat.ContactName, chat.ContactLocale = other.ContactEmail, other.ContactName, other.ContactLocale
		isSame = true
	}
	if isSame && chat.ConsentedAt == nil {
		chat.ConsentText, chat.ConsentedAt = other.ConsentText, other.ConsentedAt
	}
}

// messagesAwaitingReply returns the messages of the user since the last one of an agent, oldest first, without those of
// empty content.
func messagesAwaitingReply(ctx context.Context, t *tx, c *Chat) ([]Message, error) {
	messages := []Message{}
	if c.AwaitingReplySince == nil {
		return messages, nil
	}
	err := t.NewRaw(`SELECT * FROM messages WHERE chat_id = ?0 AND sender_type = 'user' AND content <> ''
		AND id > coalesce((SELECT max(id) FROM messages
			WHERE chat_id = ?0 AND sender_type = 'customer_service' AND message_type <> 'note'), 0)
		ORDER BY id`, c.ID).Scan(ctx, &messages)
	return messages, err
}

// endInFavorOf ends a chat because its user continues in another, and makes it the user's.
func (d *Desk) endInFavorOf(ctx context.Context, t *tx, c, other *Chat, u *User) error {
	agent := ""
	if other.Status == Active {
		a, err := d.agent(ctx, t, other.ServedBy())
		if err != nil {
			return err
		}
		agent = a.Name
	}
	reason := ReasonUserEnded
	if c.Status == Waiting {
		reason = ReasonCancelled
	}
	change := t.change(c)
	change.addSystemMessage(SystemGoesOn, map[string]string{"agent": agent})
	change.Chat.UserID, change.User = u.ID, u.Card()
	return d.endLocked(ctx, t, change, reason, TypeAuto)
}

// takeBetterPosition gives a waiting chat the priority, queue time and return of another waiting one where that moves
// it closer to the front.
func takeBetterPosition(c, other *Chat) {
	if other.Status != Waiting {
		return
	}
	c.Priority = max(c.Priority, other.Priority)
	if other.QueuedAt.Before(c.QueuedAt) {
		c.QueuedAt = other.QueuedAt
	}
	if c.ReturnedAt == nil && other.ReturnedAt != nil {
		c.ReturnedAt, c.AvoidAgentID, c.AvoidUntil = other.ReturnedAt, other.AvoidAgentID, other.AvoidUntil
	}
	if c.Department == nil {
		c.Department = other.Department
	}
}

// copyMessages adds messages of another chat of the same user, which await a reply since a time, below a system message
// that names their origin. With maskCards they are masked as new messages are, since MASK_CARDS may have been switched
// on in between, and cut where that makes them too long: the user is not there to shorten them.
func (c *chatChange) copyMessages(messages []Message, since *time.Time, maskCards bool) {
	c.addSystemMessage(SystemBrought, nil)
	chat := &c.Chat
	for _, m := range messages {
		content := m.Content
		if maskCards {
			content = truncate(MaskCards(content), maxContent)
		}
		c.addMessage(Message{SenderType: FromUser, SenderID: chat.UserID, Type: Text, Content: content})
	}
	chat.LastMessageAt, chat.LastSender, chat.IdleSince, chat.WarnedAt = &c.now, ptr(FromUser), &c.now, nil
	if chat.IsMessage() {
		chat.IdleSince = nil
	}
	chat.UnreadByAgent += len(messages)
	if chat.AwaitingReplySince == nil || since.Before(*chat.AwaitingReplySince) {
		chat.AwaitingReplySince = since
	}
}
