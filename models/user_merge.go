package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// identifiedSessionTTL counts anew from each time that the host site names the person.
const identifiedSessionTTL = 7 * 24 * time.Hour

// Identify opens a session of 7 days for the person whom a host site has vouched for and ends the one that this browser held.
//
// Was that an anonymous user's, all of that user's chats become the person's, and the anonymous user is no more; another person's
// chats are never taken. Where both have an open chat, one goes on and the other ends, as [Desk.mergeChats] says. Was it the same person's, it
// stays, and token is "".
func (d *Desk) Identify(ctx context.Context, id Identity, held, userAgent string) (token string, u *User, err error) {
	id.Verified = true
	if err := id.check(); err != nil {
		return "", nil, err
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		token = ""
		before, err := userOfSession(ctx, t, held)
		if err != nil {
			return err
		}
		if before != nil && before.ID == id.ID {
			if u, err = ensureUser(ctx, t, id); err != nil {
				return err
			}
			_, err = t.NewRaw(`UPDATE sessions SET expires_at = now() + make_interval(secs => ?) WHERE token_hash = ?`,
				identifiedSessionTTL.Seconds(), HashToken(held)).Exec(ctx)
			return err
		}
		if before != nil && !before.IsVerified {
			if u, err = d.mergeUser(ctx, t, before.ID, id); err != nil {
				return err
			}
		} else if u, err = ensureUser(ctx, t, id); err != nil {
			return err
		}
		if before != nil {
			if err := endSession(ctx, t, HashToken(held)); err != nil {
				return err
			}
		}
		var hash []byte
		token, hash = newToken()
		return insertUserSession(ctx, t, hash, u.ID, userAgent, identifiedSessionTTL)
	})
	if violates(err, "sessions_user_id_fkey") { // erased at this very moment
		return "", nil, unauthorized()
	}
	if violates(err, "chats_one_open_per_user") { // the person began a chat at this very moment, and now it is there to be seen
		return d.Identify(ctx, id, held, userAgent)
	}
	return token, u, err
}

// userOfSession returns whose session a token opens; nil for nobody's, or an agent's.
func userOfSession(ctx context.Context, t *tx, token string) (*User, error) {
	if token == "" {
		return nil, nil
	}
	u := new(User)
	err := t.NewRaw(`SELECT u.* FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ? AND s.expires_at > now()`, HashToken(token)).Scan(ctx, u)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return u, err
}

// mergeUser makes everything that an anonymous user has the person's, and removes the anonymous user.
func (d *Desk) mergeUser(ctx context.Context, t *tx, from string, id Identity) (*User, error) {
	var open bool
	if err := t.NewRaw(`SELECT EXISTS (SELECT FROM chats WHERE user_id = ? AND status <> 'ended')`, from).Scan(ctx, &open); err != nil {
		return nil, err
	}
	if open { // an open chat that changes hands must not be given out meanwhile
		if err := lockQueue(ctx, t); err != nil {
			return nil, err
		}
	}
	// Whoever begins a chat for the anonymous user from now on waits, and is then refused: no chat stays behind.
	var anonymous bool
	err := t.NewRaw(`SELECT NOT is_verified FROM users WHERE id = ? FOR UPDATE`, from).Scan(ctx, &anonymous)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if !anonymous { // another tab was faster
		return ensureUser(ctx, t, id)
	}
	u, changed, err := upsertUser(ctx, t, id)
	if err != nil {
		return nil, err
	}
	if err := d.reassignChats(ctx, t, from, u.ID); err != nil {
		return nil, err
	}
	if changed {
		if err := announceUser(ctx, t, u.ID); err != nil {
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

// toldEnded is how long after its end a chat is still on somebody's screen.
const toldEnded = 10 * time.Minute

// reassignChats gives every chat of one user to another. What the user said in them goes along, so that a message that is sent again is still
// known by its client_message_id.
func (d *Desk) reassignChats(ctx context.Context, t *tx, from, to string) error {
	var chats []*Chat
	err := t.NewRaw(`SELECT * FROM chats WHERE user_id = ? OR user_id = ? AND status <> 'ended' ORDER BY id FOR UPDATE`, from, to).Scan(ctx, &chats)
	if err != nil {
		return err
	}
	if err := t.tick(ctx); err != nil {
		return err
	}
	_, err = t.NewRaw(`UPDATE messages SET sender_id = ?1 WHERE sender_type = 'user' AND chat_id IN (SELECT id FROM chats WHERE user_id = ?0)`, from, to).Exec(ctx)
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
		c.UserID = to
		if err := saveChat(ctx, t, c); err != nil {
			return err
		}
		if c.IsOpen() || t.now.Sub(*c.EndedAt) < toldEnded {
			t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c}})
		}
	}
	if own == nil || brought == nil {
		return nil
	}
	return d.mergeChats(ctx, t, own, brought)
}

// mergeChats makes one of two open chats of one person, both locked: nobody may have two. The person's own goes on, unless only the brought one is
// with an agent. The other ends (type auto) under a line that says so, and stays in the history; what was said in it and not answered is
// said again in the one that goes on, and the better of two places in the queue is kept.
func (d *Desk) mergeChats(ctx context.Context, t *tx, own, brought *Chat) error {
	keep, leave := own, brought
	if own.Status == Waiting && brought.Status == Active {
		keep, leave = brought, own
	}
	person := own.UserID
	unanswered, err := messagesAwaitingReply(ctx, t, leave)
	if err != nil {
		return err
	}
	if keep.Status == Waiting {
		takeBetterPosition(keep, leave)
	}
	since := leave.AwaitingReplySince
	if err := d.endInFavorOf(ctx, t, leave, keep, person); err != nil {
		return err
	}
	keep.UserID, keep.UserSeenAt = person, t.now
	change := Change{}
	if len(unanswered) > 0 {
		if change.Messages, err = d.copyMessages(ctx, t, keep, unanswered); err != nil {
			return err
		}
		keep.LastMessageAt, keep.LastSender, keep.IdleSince, keep.WarnedAt = ptr(t.now), ptr(FromUser), ptr(t.now), nil
		keep.UnreadByAgent += len(unanswered)
		if keep.AwaitingReplySince == nil || since.Before(*keep.AwaitingReplySince) {
			keep.AwaitingReplySince = since
		}
	}
	if err := saveChat(ctx, t, keep); err != nil {
		return err
	}
	change.Chat = *keep
	t.emit(Event{Kind: KindChange, Change: &change})
	return nil
}

// messagesAwaitingReply returns what the user said since an agent last did, oldest first.
func messagesAwaitingReply(ctx context.Context, t *tx, c *Chat) ([]Message, error) {
	if c.AwaitingReplySince == nil {
		return nil, nil
	}
	messages := []Message{}
	err := t.NewRaw(`SELECT * FROM messages WHERE chat_id = ?0 AND sender_type = 'user' AND content <> ''
		AND id > coalesce((SELECT max(id) FROM messages WHERE chat_id = ?0 AND sender_type = 'customer_service' AND message_type <> 'note'), 0)
		ORDER BY id`, c.ID).Scan(ctx, &messages)
	return messages, err
}

// endInFavorOf ends a chat because its person goes on in another.
func (d *Desk) endInFavorOf(ctx context.Context, t *tx, c, other *Chat, person string) error {
	agent := ""
	if other.Status == Active {
		a, err := d.agent(ctx, t, other.ServedBy())
		if err != nil {
			return err
		}
		agent = a.Name
	}
	version, reason := c.Version, ReasonUserEnded
	if c.Status == Waiting {
		reason = ReasonCancelled
	}
	if _, err := addSystemMessage(ctx, t, c, SystemGoesOn, map[string]string{"agent": agent}); err != nil {
		return err
	}
	c.UserID = person
	if err := d.endLocked(ctx, t, c, reason, TypeAuto); err != nil {
		return err
	}
	return attachMessages(ctx, t, c, version)
}

// takeBetterPosition gives a waiting chat the place of another where that is nearer to the front.
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

// copyMessages puts messages of another chat of the same person into this one, under a line that says where they come from. MASK_CARDS holds for
// them as it does for what is said now, since it may have been switched on in between; nobody is there to shorten what becomes too long by it.
func (d *Desk) copyMessages(ctx context.Context, t *tx, c *Chat, messages []Message) ([]Message, error) {
	line, err := addSystemMessage(ctx, t, c, SystemBrought, nil)
	if err != nil {
		return nil, err
	}
	said := []Message{*line}
	for _, m := range messages {
		content := m.Content
		if d.Settings().MaskCards {
			content = truncate(MaskCards(content), maxContent)
		}
		again, err := t.insertMessage(ctx, c, Message{SenderType: FromUser, SenderID: c.UserID, Type: Text, Content: content})
		if err != nil {
			return nil, err
		}
		said = append(said, *again)
	}
	return said, nil
}
