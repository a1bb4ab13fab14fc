package models

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// hereFor is how long after a heartbeat the user of a message counts as there.
const hereFor = time.Minute

// recordUsersHere records that users whose message is open are there. Agents are told when one comes; later heartbeats tell
// them nothing new.
func (d *Desk) recordUsersHere(ctx context.Context, users []string) error {
	var came []string
	err := d.queryPreparedRows(ctx, `WITH open AS MATERIALIZED (SELECT id, user_here_at FROM chats
			WHERE user_id = ANY($1) AND status <> 'ended' AND channel = 'message'),
		held AS MATERIALIZED (SELECT c.id FROM chats c JOIN open ON open.id = c.id WHERE open.user_here_at IS NOT NULL ORDER BY c.id FOR UPDATE OF c SKIP LOCKED),
		stays AS (UPDATE chats c SET user_here_at = clock_timestamp() FROM held WHERE c.id = held.id)
		SELECT id FROM open WHERE user_here_at IS NULL`, []any{users}, func(rows pgx.Rows) error {
		var id string
		err := rows.Scan(&id)
		came = append(came, id)
		return err
	})
	if err != nil {
		return translate(err)
	}
	return d.setHere(ctx, came, func(t *tx, c *Chat) bool {
		if c.UserHereAt != nil {
			return false
		}
		c.UserHereAt = &t.now
		return true
	})
}

// SweepUsersHere records that users are no longer there, whose message is open and who sent no heartbeat for a minute, and
// tells their agents.
func (d *Desk) SweepUsersHere(ctx context.Context) error {
	var gone []string
	err := d.db.NewRaw(`SELECT id FROM chats WHERE status <> 'ended' AND channel = 'message'
		AND user_here_at < statement_timestamp() - make_interval(secs => ?) ORDER BY id LIMIT 500`, hereFor.Seconds()).Scan(ctx, &gone)
	if err != nil {
		return translate(err)
	}
	return d.setHere(ctx, gone, func(t *tx, c *Chat) bool {
		if c.UserHereAt == nil || t.now.Sub(*c.UserHereAt) < hereFor {
			return false
		}
		c.UserHereAt = nil
		return true
	})
}

// setHere changes whether the users of open messages are there, each in a transaction of its own, where set reports that it
// changed the chat.
func (d *Desk) setHere(ctx context.Context, chats []string, set func(*tx, *Chat) bool) error {
	for _, id := range chats {
		err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
			c, err := lockChat(ctx, t, id)
			if err != nil || !c.IsOpen() || !c.IsMessage() {
				return err
			}
			change := t.change(c)
			if !set(t, &change.Chat) {
				return nil
			}
			return t.save(ctx, change)
		})
		if err != nil && !ErrChatNotFound.Is(err) {
			return err
		}
	}
	return nil
}
