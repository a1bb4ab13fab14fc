package models

import (
	"context"
	"time"
)

// End ends an open chat and returns it. The user and the agent may end it, and supervisors any chat, which the audit
// log records; to all others it is 404 chat_not_found. A user who ends a waiting chat cancels it. A chat that has ended
// is 409 chat_ended; a comment of more than 1,000 characters is validation_failed.
func (d *Desk) End(ctx context.Context, actor Actor, chatID, comment string) (*Chat, error) {
	return d.endChat(ctx, actor, chatID, comment, nil, "")
}

// EndWrappedUp is End by an agent, with the outcome and the tags. The chat ends and frees its capacity even if one that
// is required is missing; it is then still to be wrapped up. An outcome or tag that is not offered for the chat is
// validation_failed.
func (d *Desk) EndWrappedUp(ctx context.Context, actor Actor, chatID, comment string, w WrapUp) (*Chat, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	return d.endChat(ctx, actor, chatID, comment, &w, "")
}

// endChat is End for a chat in one status only, "" for any open one; a chat in another status is chat_ended. Without a
// wrap-up it runs no statement for it.
func (d *Desk) endChat(ctx context.Context, actor Actor, chatID, comment string, w *WrapUp, only Status) (*Chat, error) {
	note, err := d.optionalMessageText("comment", comment, 1000)
	if err != nil {
		return nil, err
	}
	var ended *Chat
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if err := actor.checkCanRead(c); err != nil {
			return err
		}
		if !c.IsOpen() || (only != "" && c.Status != only) {
			return ErrChatEnded
		}
		reason := ReasonServiceEnded
		if actor.IsUser() {
			reason = ReasonUserEnded
			if c.Status == Waiting {
				reason = ReasonCancelled
			}
		}
		change := t.change(c)
		change.Chat.EndComment = note
		ended = &change.Chat
		if w != nil {
			if err := d.wrapUpAtEnd(ctx, t, change, *w); err != nil {
				return err
			}
		}
		if !actor.isParticipant(c) {
			if err := t.audit(ctx, actor, AuditChatEnded, aboutChat(c), details{"status": c.Status}); err != nil {
				return err
			}
		}
		return d.endLocked(ctx, t, change, reason, TypeManual)
	})
	return ended, err
}

// endLocked ends a locked open chat and frees the capacity that it took of its agent. The change may hold messages that
// belong to the end.
func (d *Desk) endLocked(ctx context.Context, t *tx, change *chatChange, reason, kind string) error {
	wasActive := change.Chat.Status == Active
	change.end(reason, kind)
	if !wasActive {
		return t.save(ctx, change)
	}
	agents, err := d.lockAndWithdraw(ctx, t, change, change.Chat.ServedBy())
	if err != nil {
		return err
	}
	agents[change.Chat.ServedBy()].release(&change.Chat, t.now)
	t.requestDrain()
	return t.save(ctx, change, agents.all()...)
}

// SweepQueue ends, as abandoned, the live chats that wait and whose user has sent no heartbeat for QUEUE_GRACE, each in a
// transaction of its own. Questions that can be answered by e-mail become messages instead, see
// [Desk.keepAsMessage]. It returns how many it ended.
func (d *Desk) SweepQueue(ctx context.Context) (int, error) {
	if err := d.RecordHeartbeat(ctx); err != nil { // first, so that an outage or a jump of the clock does not count against users
		return 0, err
	}
	abandoned, _, err := d.sweepChats(ctx, d.Settings(), false, true)
	return abandoned, err
}

// endAbandoned ends a chat whose user has left the queue, if that is still so once the chat is locked, or keeps it as a message. It
// returns whether it ended the chat.
func (d *Desk) endAbandoned(ctx context.Context, chatID string, grace time.Duration) (ended bool, err error) {
	const isAbandoned = isLive + `
		AND greatest(user_seen_at, (SELECT resumed_at FROM pulse)) < clock_timestamp() - make_interval(secs => ?)`
	offered, err := d.offeredMessage(ctx, chatID)
	if err != nil {
		return false, err
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		ended = false
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		var still bool // the user may have come back before the lock was taken
		err = t.NewRaw(`SELECT EXISTS (SELECT FROM chats WHERE id = ? AND `+isAbandoned+`)`, chatID, grace.Seconds()).Scan(ctx, &still)
		if err != nil || !still {
			return err
		}
		change := t.change(c)
		if kept, err := d.keepAsMessage(ctx, t, change, offered); err != nil || kept {
			return err
		}
		ended = true
		return d.endLocked(ctx, t, change, ReasonAbandoned, TypeAuto)
	})
	return ended && err == nil, err
}

// TimeoutStatus is how long a chat has been idle.
type TimeoutStatus struct {
	IsEnded       bool
	IsTimeout     bool // an active chat that has been idle for IDLE_TIMEOUT
	LastMessageAt *time.Time
	SinceSeconds  int // since the last message, the start of the idle time or the start of the chat, whichever is latest
}

// TimeoutStatus returns how long a chat has been idle by PostgreSQL's clock. A chat that the actor may not read is 404
// chat_not_found.
func (d *Desk) TimeoutStatus(ctx context.Context, actor Actor, chatID string) (TimeoutStatus, error) {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return TimeoutStatus{}, err
	}
	var now time.Time
	if err := d.db.NewRaw(`SELECT clock_timestamp()`).Scan(ctx, &now); err != nil {
		return TimeoutStatus{}, translate(err)
	}
	since := c.CreatedAt
	for _, at := range []*time.Time{c.LastMessageAt, c.IdleSince} {
		if at != nil && at.After(since) {
			since = *at
		}
	}
	idle := now.Sub(since)
	return TimeoutStatus{
		IsEnded: c.Status == Ended, IsTimeout: c.Status == Active && idle >= d.Settings().IdleTimeout,
		LastMessageAt: c.LastMessageAt, SinceSeconds: max(0, int(idle.Seconds())),
	}, nil
}
