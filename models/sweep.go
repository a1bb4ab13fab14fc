package models

import (
	"context"
	"time"
)

// silenceDue is when an active chat is to be warned or ended: judge says the same of one chat that is locked.
//
//	$1 IDLE_WARNING  $2 IDLE_TIMEOUT, in seconds
const silenceDue = `CASE WHEN warned_at IS NULL THEN quiet_since + make_interval(secs => $1)
	ELSE greatest(quiet_since + make_interval(secs => $2), warned_at + make_interval(secs => $2 - $1)) END`

// sweepProbe beats, as RecordHeartbeat does, and looks in the same statement what there is to do. What it says of signs of life goes by the beat: an outage, or a
// clock that jumped, is nobody's silence.
//
//	$3 PRESENCE_TIMEOUT  $4 that and PRESENCE_GRACE  $5 QUEUE_GRACE, in seconds
const sweepProbe = beat + ` RETURNING
	EXISTS (SELECT FROM chats WHERE status = 'waiting')
		AND EXISTS (SELECT FROM agents WHERE choice = 'online' AND disabled_at IS NULL AND load < max_concurrent),
	EXISTS (SELECT FROM agents a WHERE a.choice <> 'offline' AND a.disabled_at IS NULL AND a.lost_at IS NULL
		AND ` + lastSign + ` < clock_timestamp() - make_interval(secs => $3)),
	EXISTS (SELECT FROM agents a WHERE a.load > 0 AND (a.choice = 'offline' OR a.disabled_at IS NOT NULL
		OR ` + lastSign + ` < clock_timestamp() - make_interval(secs => $4))),
	EXISTS (SELECT FROM chats WHERE status = 'waiting' AND greatest(user_seen_at, p.resumed_at) < clock_timestamp() - make_interval(secs => $5)),
	(SELECT extract(epoch FROM min(` + silenceDue + `) - clock_timestamp())::float8 FROM chats WHERE status = 'active')`

// Sweep does all that time makes due: it says that Parley runs, gives room to those who wait, tells of agents who are gone and takes their chats
// back, lets go of users who left, and warns and ends silent chats. Where nothing is due that is one statement. It returns the time until the
// next silence is due, at most IDLE_WARNING: whoever calls again then is exact, and whoever calls late still gives everybody the full
// time after the warning.
func (d *Desk) Sweep(ctx context.Context) (time.Duration, error) {
	s := d.Settings()
	var waiting, lost, gone, abandoned bool
	var silence *float64
	err := d.queryPrepared(ctx, sweepProbe, []any{s.IdleWarning.Seconds(), s.IdleTimeout.Seconds(), s.PresenceTimeout.Seconds(),
		(s.PresenceTimeout + s.PresenceGrace).Seconds(), s.QueueGrace.Seconds()}, &waiting, &lost, &gone, &abandoned, &silence)
	if err != nil {
		return 0, translate(err)
	}
	next := longestSilence(s)
	if silence != nil {
		next = min(next, time.Duration(*silence*float64(time.Second)))
	}
	if lost || gone {
		if err := d.SweepPresence(ctx); err != nil {
			return 0, err
		}
	}
	if abandoned {
		if _, err := d.SweepQueue(ctx); err != nil {
			return 0, err
		}
	}
	if next <= 0 {
		if next, err = d.SweepIdle(ctx); err != nil {
			return 0, err
		}
	}
	if waiting {
		_, err = d.Drain(ctx)
	}
	return next, err
}

// longestSilence is after how long at most something is due in a chat that is active now.
func longestSilence(s Settings) time.Duration { return min(s.IdleWarning, s.IdleTimeout-s.IdleWarning) }
