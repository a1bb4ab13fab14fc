package models

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// dueAtOnce is how many chats one statement of a sweep looks at.
const dueAtOnce = 1000

// A sweep looks at a chat when its row in chat_due says so. Messages and heartbeats move the next step of a chat and not
// that row, so most chats are not due yet when they are looked at, and the row moves to their next step.
//
// A row is never later than a step can become due. Of a warned chat it is at most IDLE_WARNING from now, since a message
// clears the warning. After a change of the settings rows may be too late: pulse holds the settings that they were
// computed for, and the next sweep looks at every chat again.

// lookAtChats moves the rows of chats that are not due yet, and returns how many it looked at, which of them have an idle
// step due and which were left by their user, and the seconds until the next row. Rows that another sweep holds are left
// to it. Where pulse holds other settings, it looks at nothing.
//
//	$1 IDLE_WARNING  $2 IDLE_TIMEOUT  $3 QUEUE_GRACE  $4 dueForOf  $5 dueAtOnce
const lookAtChats = `WITH same AS (SELECT resumed_at FROM pulse WHERE due_for = $4 FOR SHARE),
	looked AS (SELECT l.* FROM same CROSS JOIN LATERAL (SELECT d.chat_id, c.status, c.channel,
			CASE WHEN c.status = 'waiting' THEN greatest(c.user_seen_at, same.resumed_at) + make_interval(secs => $3)
				ELSE coalesce(` + idleStepDue + `, 'infinity') END AS step
		FROM chat_due d JOIN chats c ON c.id = d.chat_id WHERE d.due_at <= now() ORDER BY d.due_at LIMIT $5 FOR UPDATE OF d SKIP LOCKED) l),
	moved AS (UPDATE chat_due d SET due_at = least(l.step, now() + make_interval(secs => least($1, $3)))
		FROM looked l WHERE d.chat_id = l.chat_id AND l.step > now()),
	closed AS (DELETE FROM chat_due d USING looked l WHERE d.chat_id = l.chat_id AND (l.status = 'ended' OR l.channel <> 'chat'))
	SELECT EXISTS (SELECT FROM same), count(*),
		coalesce(array_agg(chat_id ORDER BY step) FILTER (WHERE status = 'active' AND channel = 'chat' AND step <= now()), '{}'),
		coalesce(array_agg(chat_id ORDER BY step) FILTER (WHERE status = 'waiting' AND channel = 'chat' AND step <= now()), '{}')
	FROM looked`

// dueForOf names the settings that chat_due is computed from.
func dueForOf(s Settings) string {
	return fmt.Sprintf("%g %g %g", s.IdleWarning.Seconds(), s.IdleTimeout.Seconds(), s.QueueGrace.Seconds())
}

// sweepChats looks at the chats that are due, warns and ends the idle ones if idle is set, and ends those that their users
// left if left is set, each in a transaction of its own. It returns how many of the latter it ended, and the time until
// the next chat has to be looked at, at most as of [longestIdleStep].
func (d *Desk) sweepChats(ctx context.Context, s Settings, idle, left bool) (abandoned int, next time.Duration, err error) {
	tried := map[string]bool{} // a step that turns out not to be due under the lock of its chat is left for the next sweep
	for more := true; more; {
		var isSame bool
		var looked int
		var steps, leavers []string
		err := d.queryPrepared(ctx, lookAtChats, []any{
			s.IdleWarning.Seconds(), s.IdleTimeout.Seconds(), s.QueueGrace.Seconds(), dueForOf(s), dueAtOnce,
		}, &isSame, &looked, &steps, &leavers)
		if err == nil && !isSame {
			err = d.lookAtAll(ctx, s)
		}
		if err != nil {
			return abandoned, 0, translate(err)
		}
		more = !isSame || looked == dueAtOnce && len(steps)+len(leavers) < looked
		for _, id := range steps {
			if !idle || tried[id] {
				continue
			}
			tried[id], more = true, true
			if err := d.applyIdleRule(ctx, id); err != nil && !errors.Is(err, ErrChatNotFound) {
				return abandoned, 0, err
			}
		}
		for _, id := range leavers {
			if !left || tried[id] {
				continue
			}
			tried[id], more = true, true
			ended, err := d.endAbandoned(ctx, id, s.QueueGrace)
			if err != nil && !errors.Is(err, ErrChatNotFound) {
				return abandoned, 0, err
			}
			if ended {
				abandoned++
			}
		}
	}
	next = longestIdleStep(s)
	var until *float64
	err = d.queryPrepared(ctx, `SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM chat_due`, nil, &until)
	if err != nil {
		return abandoned, 0, translate(err)
	}
	if until != nil {
		next = min(next, time.Duration(*until*float64(time.Second)))
	}
	return abandoned, next, nil
}

// lookAtAll makes every chat due, because the settings that chat_due was computed from have changed. Sweeps that still
// have the old settings move no row from then on.
func (d *Desk) lookAtAll(ctx context.Context, s Settings) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		changed, err := t.NewRaw(`UPDATE pulse SET due_for = ?0 WHERE due_for <> ?0`, dueForOf(s)).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := changed.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = t.NewRaw(`SET LOCAL statement_timeout = '25s'; UPDATE chat_due SET due_at = clock_timestamp()`).Exec(ctx)
		return err
	})
}

// remakeDue makes every open live chat due, also those without a row.
func remakeDue(ctx context.Context, d *Desk) error {
	_, err := d.db.NewRaw(`INSERT INTO chat_due (chat_id, due_at) SELECT id, clock_timestamp() FROM chats
		WHERE status <> 'ended' AND channel = 'chat' ON CONFLICT (chat_id) DO UPDATE SET due_at = excluded.due_at`).Exec(ctx)
	return translate(err)
}
