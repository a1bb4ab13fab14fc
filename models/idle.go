package models

import (
	"context"
	"time"
)

// idleStep is what the idle rule requires of a chat at a time.
type idleStep struct {
	warn, end bool
	left      time.Duration // until the next step
}

// idleVerdict is the idle rule: an active chat is warned when it has been idle for IDLE_WARNING, and ends when it has
// been idle for IDLE_TIMEOUT, but never earlier than (IDLE_TIMEOUT − IDLE_WARNING) after the warning, however late that
// came. [idleStepDue] is the same rule in SQL.
func idleVerdict(c *Chat, s Settings, now time.Time) idleStep {
	if c.Status != Active || c.IdleSince == nil || c.IsMessage() {
		return idleStep{left: s.IdleWarning}
	}
	if c.WarnedAt == nil {
		left := c.IdleSince.Add(s.IdleWarning).Sub(now)
		return idleStep{warn: left <= 0, left: left}
	}
	left := endsAt(c, s).Sub(now)
	return idleStep{end: left <= 0, left: left}
}

// endsAt returns when a warned chat ends if it stays idle.
func endsAt(c *Chat, s Settings) time.Time {
	ends := c.IdleSince.Add(s.IdleTimeout)
	if full := c.WarnedAt.Add(s.IdleTimeout - s.IdleWarning); full.After(ends) {
		return full
	}
	return ends
}

// SecondsLeft returns in how many seconds a warned chat ends if it stays idle, rounded up, and 0 for one that is not
// warned.
func (d *Desk) SecondsLeft(c *Chat) int {
	if c.WarnedAt == nil || c.IdleSince == nil {
		return 0
	}
	return max(0, int((time.Until(endsAt(c, d.Settings())) + time.Second - 1).Seconds()))
}

// EndsAt returns when a warned chat ends if it stays idle, and the zero time for one that is not warned.
func (d *Desk) EndsAt(c *Chat) time.Time {
	if c.WarnedAt == nil || c.IdleSince == nil {
		return time.Time{}
	}
	return endsAt(c, d.Settings())
}

// SweepIdle warns and ends idle chats, each in a transaction of its own. It returns the time until the next step of any
// chat may be due, at most IDLE_WARNING. A caller that runs it again after that time is exact; one that runs it later
// still leaves each chat the full time after its warning.
func (d *Desk) SweepIdle(ctx context.Context) (time.Duration, error) {
	_, next, err := d.sweepChats(ctx, d.Settings(), true, false)
	return next, err
}

// applyIdleRule warns or ends one chat, if that is still due once the chat is locked. A chat that ends while the user
// waits for an answer goes back to the queue instead if the setting requires it.
func (d *Desk) applyIdleRule(ctx context.Context, chatID string) error {
	s := d.Settings()
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		switch verdict := idleVerdict(c, s, t.now); {
		case verdict.warn:
			change := t.change(c)
			change.warn(s)
			return t.save(ctx, change)
		case verdict.end && c.LastSender != nil && *c.LastSender == FromUser:
			if s.IdleAgentAction == IdleRequeue || c.IsWithBot() {
				return d.requeue(ctx, t, t.change(c), SystemRequeued)
			}
			return d.endLocked(ctx, t, t.change(c), ReasonTimeout, TypeServiceInactive)
		case verdict.end:
			return d.endLocked(ctx, t, t.change(c), ReasonTimeout, TypeUserInactive)
		}
		return nil
	})
}

// KeepAlive restarts the idle time of an active chat without a message, in response to the warning. It does nothing in
// a waiting chat, or within a second of activity in one that is not warned. It refuses as [Desk.Send] does.
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
		if c.Status != Active || c.IdleSince == nil || (c.WarnedAt == nil && t.now.Sub(*c.IdleSince) < time.Second) {
			return nil
		}
		change := t.change(c)
		change.restartIdle()
		return t.save(ctx, change)
	})
}
