package models

import (
	"context"
	"time"
)

// idleStep is what the idle rule says of an active chat at a time.
type idleStep struct {
	warn, end bool
	left      time.Duration // until the next step
}

// idleVerdict is the idle rule: a warning when nothing was said for IDLE_WARNING; the end when nothing was said for IDLE_TIMEOUT, but never less than
// (IDLE_TIMEOUT − IDLE_WARNING) after the warning.
func idleVerdict(c *Chat, s Settings, now time.Time) idleStep {
	if c.Status != Active || c.IdleSince == nil {
		return idleStep{left: s.IdleWarning}
	}
	if c.WarnedAt == nil {
		left := c.IdleSince.Add(s.IdleWarning).Sub(now)
		return idleStep{warn: left <= 0, left: left}
	}
	left := endsAt(c, s).Sub(now)
	return idleStep{end: left <= 0, left: left}
}

// endsAt returns when a warned chat ends by silence.
func endsAt(c *Chat, s Settings) time.Time {
	ends := c.IdleSince.Add(s.IdleTimeout)
	if full := c.WarnedAt.Add(s.IdleTimeout - s.IdleWarning); full.After(ends) {
		return full
	}
	return ends
}

// SecondsLeft returns how long a warned chat still has, rounded up, and 0 for one that is not warned.
func (d *Desk) SecondsLeft(c *Chat) int {
	if c.WarnedAt == nil || c.IdleSince == nil {
		return 0
	}
	return max(0, int((time.Until(endsAt(c, d.Settings())) + time.Second - 1).Seconds()))
}

// EndsAt returns when a warned chat ends by silence; zero for one that is not warned.
func (d *Desk) EndsAt(c *Chat) time.Time {
	if c.WarnedAt == nil || c.IdleSince == nil {
		return time.Time{}
	}
	return endsAt(c, d.Settings())
}

// SweepIdle warns and ends silent chats. It returns the time until the next chat is due, at most IDLE_WARNING: whoever calls again then is
// exact, and whoever calls late still gives everybody the full time after the warning.
func (d *Desk) SweepIdle(ctx context.Context) (time.Duration, error) {
	s := d.Settings()
	var due []string
	var left *float64
	err := d.queryPrepared(ctx, `SELECT array_agg(id::text ORDER BY due) FILTER (WHERE due <= clock_timestamp()),
		extract(epoch FROM min(due) FILTER (WHERE due > clock_timestamp()) - clock_timestamp())::float8
		FROM (SELECT id, `+silenceDue+` AS due FROM chats WHERE status = 'active') active`,
		[]any{s.IdleWarning.Seconds(), s.IdleTimeout.Seconds()}, &due, &left)
	if err != nil {
		return 0, translate(err)
	}
	for _, id := range due {
		if err := d.applyIdleRule(ctx, id); err != nil && CodeOf(err) != "chat_not_found" {
			return 0, err
		}
	}
	next := longestSilence(s)
	if left != nil {
		next = min(next, time.Duration(*left*float64(time.Second)))
	}
	return next, nil
}

// applyIdleRule warns or ends one chat, if that is due now that it is locked.
func (d *Desk) applyIdleRule(ctx context.Context, chatID string) error {
	s := d.Settings()
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		switch verdict := idleVerdict(c, s, t.now); {
		case verdict.warn:
			return d.warn(ctx, t, c, s)
		case verdict.end && c.LastSender != nil && *c.LastSender == FromUser:
			if s.IdleAgentAction == IdleRequeue {
				return d.requeue(ctx, t, c, SystemRequeued, true)
			}
			return d.endLocked(ctx, t, c, ReasonTimeout, TypeServiceInactive)
		case verdict.end:
			return d.endLocked(ctx, t, c, ReasonTimeout, TypeUserInactive)
		}
		return nil
	})
}

func (d *Desk) warn(ctx context.Context, t *tx, c *Chat, s Settings) error {
	c.WarnedAt = ptr(t.now)
	m, err := addSystemMessage(ctx, t, c, SystemIdleWarning, map[string]string{"seconds": seconds(endsAt(c, s).Sub(t.now))})
	if err != nil {
		return err
	}
	if err := saveChat(ctx, t, c); err != nil {
		return err
	}
	t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c, Messages: []Message{*m}, Warned: true}})
	return nil
}
