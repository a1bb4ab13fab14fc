package models

import (
	"context"
	"time"
)

// idleStepDue is the time at which an active chat is to be warned or ended. [idleVerdict] is the same rule in Go, for
// one chat that is locked.
//
//	$1 IDLE_WARNING  $2 IDLE_TIMEOUT, in seconds
const idleStepDue = `CASE WHEN warned_at IS NULL THEN quiet_since + make_interval(secs => $1)
	ELSE greatest(quiet_since + make_interval(secs => $2), warned_at + make_interval(secs => $2 - $1)) END`

// sweepProbe records a heartbeat, as [Desk.RecordHeartbeat] does, and returns by the same statement what there is to
// do. Its conditions on signs of life use the resumed_at of that heartbeat, so that an outage or a jump of the clock
// does not count against agents and users.
//
// It returns whether live chats wait and an agent can take one, whether messages wait and an agent can take one, and whether an agent is
// lost, is gone, or has a break or an extra chat that is over or gives no input; the settings that chat_due was
// computed for; and the seconds until the sweep has to look at the next chat, NULL while none is open, until the next offer expires,
// NULL while none is open, and until the next temporary capacity ends, NULL while none is on.
//
// The first that waits is looked for in serving order: for any that waits, PostgreSQL would read open chats of an index that has active
// ones too.
//
//	$1 PRESENCE_TIMEOUT  $2 that and PRESENCE_GRACE  $3 INACTIVE_AFTER, in seconds
const sweepProbe = `WITH p AS (` + recordHeartbeat + ` RETURNING due_for, resumed_at, alive_at,
		alive_at - make_interval(secs => $1) AS lost_before, alive_at - make_interval(secs => $2) AS gone_before,
		CASE WHEN $3::float8 > 0 THEN alive_at - make_interval(secs => $3) END AS inactive_before)
	SELECT
		(SELECT true FROM chats WHERE ` + isLive + ` ORDER BY ` + servingOrder + ` LIMIT 1) IS NOT NULL AND EXISTS (
			SELECT FROM agents a WHERE a.choice = 'online' AND a.disabled_at IS NULL
				AND a.load + a.reserved < a.max_concurrent + (a.reserved = 0 AND ` + isExtraOpen + `)::int),
		(SELECT true FROM chats WHERE ` + isWaitingMessage + ` ORDER BY ` + servingOrder + ` LIMIT 1) IS NOT NULL AND EXISTS (
			SELECT FROM agents a WHERE ` + hasMessageCapacity + `),
		EXISTS (SELECT FROM agents a WHERE
			a.choice <> 'offline' AND a.disabled_at IS NULL AND a.lost_at IS NULL AND ` + lastSign + ` < p.lost_before
			OR a.load + a.message_load > 0 AND (a.choice = 'offline' OR a.disabled_at IS NOT NULL OR ` + lastSign + ` < p.gone_before)
			OR ` + isOverdue + ` OR ` + isExtraOver + `
			OR a.choice = 'online' AND a.disabled_at IS NULL AND ` + lastInput + ` < p.inactive_before),
		p.due_for, (SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM chat_due),
		(SELECT extract(epoch FROM min(expires_at) - clock_timestamp())::float8 FROM transfer_offers WHERE state = 'open'),
		(SELECT extract(epoch FROM min(ends_at) - clock_timestamp())::float8 FROM temporary_capacities WHERE ended_at IS NULL)
	FROM p`

// Sweep does everything that becomes due with time: it records a heartbeat, announces agents whose connection is lost
// and requeues the chats of those who are gone, sets agents without input to away, announces breaks that are over, ends
// the chats of users who left the queue, warns and ends idle chats, closes offers, takes temporary capacities back, and
// drains the queue. Where nothing is due it runs one statement. It returns the time until a chat, offer or temporary
// capacity may be due, at most IDLE_WARNING; calling it later than that is safe, as of [Desk.SweepIdle].
func (d *Desk) Sweep(ctx context.Context) (time.Duration, error) {
	s := d.Settings()
	var canAssignChats, canAssignMessages, presenceIsDue bool
	var dueFor string
	var untilChat, untilOffer, untilCapacity *float64
	err := d.queryPrepared(ctx, sweepProbe, []any{
		s.PresenceTimeout.Seconds(), (s.PresenceTimeout + s.PresenceGrace).Seconds(), s.InactiveAfter.Seconds(),
	}, &canAssignChats, &canAssignMessages, &presenceIsDue, &dueFor, &untilChat, &untilOffer, &untilCapacity)
	if err != nil {
		return 0, translate(err)
	}
	next := longestIdleStep(s)
	if untilChat != nil {
		next = min(next, time.Duration(*untilChat*float64(time.Second)))
	}
	if presenceIsDue {
		if err := d.SweepPresence(ctx); err != nil {
			return 0, err
		}
	}
	if next <= 0 || dueFor != dueForOf(s) {
		if _, next, err = d.sweepChats(ctx, s, true, true); err != nil {
			return 0, err
		}
	}
	if untilOffer != nil {
		// What else closes an offer is rare, so it is looked for while one is open.
		if err := d.SweepOffers(ctx); err != nil {
			return 0, err
		}
		if left := time.Duration(*untilOffer * float64(time.Second)); left > 0 {
			next = min(next, left)
		}
	}
	if untilCapacity != nil {
		if left := time.Duration(*untilCapacity * float64(time.Second)); left > 0 {
			next = min(next, left)
		} else if err := d.SweepCapacities(ctx); err != nil {
			return 0, err
		}
	}
	if canAssignChats || canAssignMessages {
		_, err = d.Drain(ctx)
	}
	return next, err
}

// longestIdleStep returns the longest time after which a step of the idle rule can become due in any chat.
func longestIdleStep(s Settings) time.Duration {
	return min(s.IdleWarning, s.IdleTimeout-s.IdleWarning)
}
