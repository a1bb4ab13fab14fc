package models

import (
	"context"
	"time"
)

// End ends a chat by hand. A waiting one is thereby cancelled. A chat that has ended is 409 chat_ended; supervisors may end any.
func (d *Desk) End(ctx context.Context, actor Actor, chatID, comment string) (*Chat, error) {
	return d.endChat(ctx, actor, chatID, comment, "")
}

// endChat ends a chat, if it still stands as only says ("" for any open state).
func (d *Desk) endChat(ctx context.Context, actor Actor, chatID, comment string, only Status) (*Chat, error) {
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
			return chatEnded()
		}
		reason := ReasonServiceEnded
		if actor.IsUser() {
			reason = ReasonUserEnded
			if c.Status == Waiting {
				reason = ReasonCancelled
			}
		}
		c.EndComment = note
		ended = c
		if !actor.isParticipant(c) {
			if err := t.audit(ctx, actor, AuditChatEnded, aboutChat(c), details{"status": c.Status}); err != nil {
				return err
			}
		}
		return d.endLocked(ctx, t, c, reason, TypeManual)
	})
	return ended, err
}

// endLocked ends a locked open chat, frees the agent's slot and tells everybody.
func (d *Desk) endLocked(ctx context.Context, t *tx, c *Chat, reason, kind string) error {
	wasWaiting := c.Status == Waiting
	c.Status, c.EndedAt, c.EndedReason, c.EndedType = Ended, ptr(t.now), &reason, &kind
	c.AwaitingReplySince = nil
	if err := saveChat(ctx, t, c); err != nil {
		return err
	}
	t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c, Ended: true}})
	if wasWaiting {
		t.emitQueueChange(CauseLeft, c)
		return nil
	}
	return d.releaseCapacity(ctx, t, *c.AgentID, 1)
}

// releaseCapacity frees n slots of an agent; whoever waits gets them right after the commit.
func (d *Desk) releaseCapacity(ctx context.Context, t *tx, agentID string, n int) error {
	a, err := d.lockAgent(ctx, t, agentID)
	if err != nil {
		return err
	}
	a.Load, a.IdleSince = max(0, a.Load-n), t.now
	t.requestDrain()
	return saveLoad(ctx, t, a)
}

// SweepQueue ends as abandoned the waiting chats whose user gave no sign of life for QUEUE_GRACE. It returns how many.
func (d *Desk) SweepQueue(ctx context.Context) (int, error) {
	grace := d.Settings().QueueGrace
	if err := d.RecordHeartbeat(ctx); err != nil { // an outage, or a clock that jumped, is nobody's silence: it must be noticed first
		return 0, err
	}
	const silent = `status = 'waiting' AND greatest(user_seen_at, (SELECT resumed_at FROM pulse)) < clock_timestamp() - make_interval(secs => ?)`
	var ids []string
	err := d.db.NewRaw(`SELECT id FROM chats WHERE `+silent+` ORDER BY user_seen_at LIMIT 500`, grace.Seconds()).Scan(ctx, &ids)
	if err != nil {
		return 0, translate(err)
	}
	abandoned := 0
	for _, id := range ids {
		ended := false
		err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
			ended = false
			c, err := lockChat(ctx, t, id)
			if err != nil {
				return err
			}
			var still bool
			if err := t.NewRaw(`SELECT EXISTS (SELECT FROM chats WHERE id = ? AND `+silent+`)`, id, grace.Seconds()).Scan(ctx, &still); err != nil || !still {
				return err
			}
			ended = true
			return d.endLocked(ctx, t, c, ReasonAbandoned, TypeAuto)
		})
		if err != nil && CodeOf(err) != "chat_not_found" {
			return abandoned, err
		}
		if err == nil && ended {
			abandoned++
		}
	}
	return abandoned, nil
}

// TimeoutStatus is how long a chat has been silent.
type TimeoutStatus struct {
	IsEnded       bool
	IsTimeout     bool // an active chat in which nothing was said for IDLE_TIMEOUT
	LastMessageAt *time.Time
	SinceSeconds  int
}

// TimeoutStatus returns how long nothing was said in a chat that the actor may read.
func (d *Desk) TimeoutStatus(ctx context.Context, actor Actor, chatID string) (TimeoutStatus, error) {
	c, err := d.Chat(ctx, actor, chatID)
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
	quiet := now.Sub(since)
	return TimeoutStatus{IsEnded: c.Status == Ended, IsTimeout: c.Status == Active && quiet >= d.Settings().IdleTimeout,
		LastMessageAt: c.LastMessageAt, SinceSeconds: max(0, int(quiet.Seconds()))}, nil
}
