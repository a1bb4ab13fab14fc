package models

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"
)

// watchKept is how long after its last sign of life a watch ends: longer than a page takes to connect again.
const watchKept = 20 * time.Second

var watchID = regexp.MustCompile(`^[A-Za-z0-9_-]{16,64}$`)

// Watch records that a supervisor reads an open chat live. id is one opening of the page, chosen by it: connecting again
// continues the same watch. With SHOW_WATCHERS the agent of the chat is told. The audit log gets a row when it is over,
// with its begin and end. The agent who has the chat is not recorded.
//
// It is for supervisors, to all others 403 role_required. An unknown chat is 404 chat_not_found, an ended one 409
// chat_ended; an id that is not 16 to 64 letters, digits, - and _, or belongs to another watch, is validation_failed.
func (d *Desk) Watch(ctx context.Context, actor Actor, chatID, id string) error {
	if err := actor.require(RoleSupervisor); err != nil {
		return err
	}
	if !watchID.MatchString(id) {
		return invalid("watch_id", fieldInvalid, "watch_id is 16 to 64 letters, digits, - and _.")
	}
	var chat *Chat
	_, err := d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if chat = nil; actor.isParticipant(c) {
			return nil
		}
		chat = c
		var ids []string
		err := t.NewRaw(`INSERT INTO chat_watches (id, chat_id, agent_id) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()
				WHERE chat_watches.chat_id = excluded.chat_id AND chat_watches.agent_id = excluded.agent_id
			RETURNING id`, id, chatID, actor.ID).Scan(ctx, &ids)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return invalid("watch_id", fieldInvalid, "This watch_id belongs to another watch.")
		}
		if !d.Settings().ShowWatchers || slices.Contains(c.WatcherIDs, actor.ID) {
			return nil
		}
		c.WatcherIDs = append(slices.Clone(c.WatcherIDs), actor.ID)
		return t.save(ctx, change)
	})
	if err != nil || chat == nil {
		return err
	}
	return d.auditChatRead(ctx, actor, chat)
}

// KeepWatches records that the pages of watches are connected. Unknown ids are ignored.
func (d *Desk) KeepWatches(ctx context.Context, ids []string) error {
	_, err := d.db.NewRaw(`UPDATE chat_watches SET seen_at = clock_timestamp() WHERE id IN (?)`, bunIn(ids)).Exec(ctx)
	return translate(err)
}

// isWatchOver is the condition on a watch w of chat c and pulse p that it is over.
const isWatchOver = `(c.status = 'ended' OR greatest(w.seen_at, p.resumed_at) < clock_timestamp() - make_interval(secs => ?))`

// EndWatches ends the watches whose page has been closed for a while or whose chat has ended, each in a transaction of its
// own, at most 500 in one call, and returns how many it ended. It may run any number of times at once.
func (d *Desk) EndWatches(ctx context.Context) (ended int, err error) {
	var over []struct{ ID, ChatID string }
	err = d.db.NewRaw(`SELECT w.id, w.chat_id FROM chat_watches w JOIN chats c ON c.id = w.chat_id CROSS JOIN pulse p
		WHERE `+isWatchOver+` ORDER BY w.seen_at LIMIT 500`, watchKept.Seconds()).Scan(ctx, &over)
	if err != nil {
		return 0, translate(err)
	}
	for _, w := range over {
		var done bool
		err := d.inTx(ctx, func(ctx context.Context, t *tx) (err error) {
			done, err = d.endWatch(ctx, t, w.ChatID, w.ID)
			return err
		})
		if err != nil && !errors.Is(err, ErrChatNotFound) {
			return ended, err
		}
		if err == nil && done {
			ended++
		}
	}
	return ended, nil
}

// endWatch ends a watch that is over, and returns false for one that is not, or was ended before.
func (d *Desk) endWatch(ctx context.Context, t *tx, chatID, id string) (bool, error) {
	c, err := lockChat(ctx, t, chatID)
	if err != nil {
		return false, err
	}
	var rows []struct {
		AgentID         string
		Role            Role
		BeganAt, SeenAt time.Time
		Others          bool // the same supervisor has the chat open a second time
	}
	err = t.NewRaw(`DELETE FROM chat_watches w USING chats c, pulse p, agents a
		WHERE w.id = ? AND c.id = w.chat_id AND a.id = w.agent_id AND `+isWatchOver+`
		RETURNING w.agent_id, a.role, w.began_at, w.seen_at,
			EXISTS (SELECT FROM chat_watches o WHERE o.chat_id = w.chat_id AND o.agent_id = w.agent_id AND o.id <> w.id) AS others`,
		id, watchKept.Seconds()).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	w := rows[0]
	supervisor := Actor{Kind: KindAgent, ID: w.AgentID, Role: w.Role}
	more := details{"watched": step{w.BeganAt.UTC(), w.SeenAt.UTC()}}
	if err := t.audit(ctx, supervisor, AuditChatWatchEnded, aboutChat(c), more); err != nil {
		return false, err
	}
	if w.Others || !slices.Contains(c.WatcherIDs, w.AgentID) {
		return true, nil
	}
	change := t.change(c)
	change.Chat.WatcherIDs = withoutID(c.WatcherIDs, w.AgentID)
	return true, t.save(ctx, change)
}
