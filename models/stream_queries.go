package models

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// OpenChats returns the chats that a stream of the actor covers: the open chat of a user, the active chats of an agent.
func (d *Desk) OpenChats(ctx context.Context, actor Actor) ([]Chat, error) {
	if actor.IsUser() {
		return d.chats(ctx, `WHERE c.user_id = $1 AND c.status <> 'ended'`, actor.ID)
	}
	return d.chats(ctx, `WHERE c.agent_id = $1 AND c.status = 'active' ORDER BY c.id`, actor.ID)
}

// Since returns everything that happened in a chat after a version: the chat as it is now, its new messages, and of the
// earlier messages those that were edited or withdrawn and the statuses that changed, each in order. The result covers everything up
// to the version of the returned chat and nothing after it. Of the statuses of a message only the present one is in it: a client
// that was disconnected in the middle of an earlier result may know that one, and an earlier step would take it back. Users do
// not get notes. Pass version 0 for everything. A chat that the actor may not read is chat_not_found.
//
// With a synchronous standby, what is new in the result is on the standby too, or the error is database_unavailable.
func (d *Desk) Since(ctx context.Context, actor Actor, chatID string, version int64) (*Change, error) {
	for {
		change, isTorn, err := d.since(ctx, actor, chatID, version)
		switch {
		case err != nil:
			return nil, err
		case change.Chat.Version <= version:
			return change, nil
		case !isTorn:
			return change, d.awaitDurable(ctx)
		}
	}
}

// since is Since without waiting for a standby. isTorn reports that a message was confirmed after the chat was read and before its
// messages were, so that it has a status which the version of the chat does not cover: the caller reads again.
func (d *Desk) since(ctx context.Context, actor Actor, chatID string, version int64) (change *Change, isTorn bool, err error) {
	row, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return nil, false, err
	}
	change = &Change{Chat: row.Chat, User: &row.User}
	if change.Chat.Version <= version {
		return change, false, nil
	}
	messages, err := d.messages(ctx, `AND (m.version > $3 AND m.version <= $4
			OR m.changed_version > $3 AND m.changed_version <= $4) ORDER BY m.id`, actor, chatID, version, row.Version)
	if err != nil {
		return nil, false, err
	}
	for i := range messages {
		if m := &messages[i]; m.Version > version {
			change.Messages = append(change.Messages, *m)
		} else {
			change.Updated = append(change.Updated, *m)
		}
	}
	err = d.queryPreparedRows(ctx, `SELECT coalesce((SELECT min(o.id) - 1 FROM messages o
			WHERE o.chat_id = $1 AND o.sender_type = m.sender_type AND o.message_type <> 'note'
			AND (o.status = 'sent' OR o.status = 'delivered' AND s.status = 'read') AND o.id <= max(s.message_id)),
			max(s.message_id)), array_agg(s.message_id ORDER BY s.message_id), s.status,
			m.sender_type, s.version, max(s.changed_at)
		FROM message_status_changes s JOIN messages m ON m.chat_id = s.chat_id AND m.id = s.message_id AND m.status = s.status
		WHERE s.chat_id = $1 AND m.chat_id = $1 AND s.version > $2 AND (m.version <= $2 OR m.version <= $3 AND s.version > $3)
		GROUP BY s.version, s.status, m.sender_type ORDER BY s.version`, []any{chatID, version, row.Version}, func(rows pgx.Rows) error {
		var c StatusChange
		err := rows.Scan(&c.UpTo, &c.IDs, &c.Status, &c.SenderType, &c.Version, &c.At)
		if c.Version > row.Version {
			isTorn = len(messages) > 0
			return err
		}
		change.Statuses = append(change.Statuses, c)
		return err
	})
	if err != nil {
		return nil, false, translate(err)
	}
	change.Ended = row.Status == Ended
	if change.Assigned = row.Status == Active; change.Assigned {
		a, err := d.AgentByID(ctx, *row.AgentID)
		if err != nil {
			return nil, false, err
		}
		change.Agent = a.Card()
	}
	return change, isTorn, nil
}

// ChatVersion is the version of a chat and who its participants are.
type ChatVersion struct {
	ChatID  string
	UserID  string
	AgentID *string
	Version int64
	EndedAt *time.Time // nil for open chats
}

// Snapshot is the state of everything that streams show, at one moment, small enough to be read every second.
type Snapshot struct {
	At     time.Time     // on PostgreSQL's clock, before the rest was read
	Queue  string        // changes whenever other chats wait, or in another order
	Chats  []ChatVersion // the open chats of the requested users and agents, and those that ended in the last 10 s
	Agents []PresenceChange
	Offers []Offer // to and from the requested agents, that are open or were answered in the last 20 s
	Flags  string  // changes whenever [Desk.Flags] gets other rows by themselves or by a raised hand
}

// Snapshot reads the queue, every agent, the chats of the given users and agents, and the given chats. Streams compare it with what they
// sent, because an event may be lost.
func (d *Desk) Snapshot(ctx context.Context, userIDs, agentIDs, chatIDs []string) (*Snapshot, error) {
	s := &Snapshot{Chats: []ChatVersion{}}
	err := d.queryPrepared(ctx, `SELECT clock_timestamp(), concat_ws(' ', count(*), sum(queue_id),
		sum(queue_id * priority), count(returned_at))
		FROM chats WHERE status = 'waiting'`, nil, &s.At, &s.Queue)
	if err != nil {
		return nil, translate(err)
	}
	err = d.queryPrepared(
		ctx,
		`SELECT concat_ws(' ', count(*), max(raised_at), max(dismissed_at), (SELECT concat_ws(' ', count(*), max(hand_raised_at))
		FROM chats WHERE status = 'active' AND hand_raised_at IS NOT NULL)) FROM chat_flags`,
		nil,
		&s.Flags,
	)
	if err != nil {
		return nil, translate(err)
	}
	err = d.queryPreparedRows(ctx, `SELECT id, user_id, agent_id, version, ended_at FROM chats WHERE status <> 'ended' AND user_id = ANY($1)
		UNION SELECT id, user_id, agent_id, version, ended_at FROM chats WHERE status = 'active' AND agent_id = ANY($2)
		UNION SELECT id, user_id, agent_id, version, ended_at FROM chats WHERE status = 'ended' AND ended_at > now() - interval '10 seconds'
			AND (user_id = ANY($1) OR agent_id = ANY($2))
		UNION SELECT id, user_id, agent_id, version, ended_at FROM chats WHERE id = ANY($3)`, []any{userIDs, agentIDs, chatIDs}, func(rows pgx.Rows) error {
		var chat ChatVersion
		err := rows.Scan(&chat.ChatID, &chat.UserID, &chat.AgentID, &chat.Version, &chat.EndedAt)
		s.Chats = append(s.Chats, chat)
		return err
	})
	if err != nil {
		return nil, translate(err)
	}
	if len(agentIDs) > 0 {
		if s.Offers, err = d.offersOf(ctx, agentIDs, nil); err != nil {
			return nil, translate(err)
		}
	}
	all, err := d.agents(ctx, d, ``)
	for i := range all {
		s.Agents = append(s.Agents, *all[i].presenceEvent(false).Presence)
	}
	return s, translate(err)
}

// UnpublishedCommits returns a count of the transactions of desks without a publisher, such as commands: when it
// changes, something changed that no event announces. settings is the version of the settings and sites in the database;
// [Desk.SettingsVersion] is that of the ones in use here.
func (d *Desk) UnpublishedCommits(ctx context.Context) (n, settings int64, err error) {
	err = d.queryPrepared(ctx, `SELECT unheard, settings_version FROM pulse`, nil, &n, &settings)
	return n, settings, translate(err)
}

// incrementUnpublished is part of every transaction of a desk without a publisher that would have published events.
const incrementUnpublished = `UPDATE pulse SET unheard = unheard + 1`

// countUnpublished makes UnpublishedCommits return another count, so that every instance reads again what it caches.
func (d *Desk) countUnpublished(ctx context.Context) error {
	_, err := d.db.NewRaw(incrementUnpublished).Exec(ctx)
	return err
}

// Now returns the clock of PostgreSQL, which stamps everything.
func (d *Desk) Now(ctx context.Context) (now time.Time, err error) {
	err = d.db.NewRaw(`SELECT clock_timestamp()`).Scan(ctx, &now)
	return now, translate(err)
}

// ChatsToCompare returns the chats of the actor in which something may be new to a stream: the open ones, those of the given ids, and
// at most 100 that began or were assigned after a time and have ended, which a stream that was disconnected then does not know; none of
// these for the zero time. They are in the order in which they began. An id that is missing in the answer is no chat of the actor.
func (d *Desk) ChatsToCompare(ctx context.Context, actor Actor, ids []string, since time.Time) ([]Chat, error) {
	which := `WHERE c.id IN (
		SELECT id FROM chats WHERE agent_id = $1 AND status = 'active'
		UNION ALL SELECT id FROM chats WHERE agent_id = $1 AND id = ANY($2::text[])
		UNION ALL (SELECT id FROM chats WHERE agent_id = $1 AND status = 'ended' AND ended_at >= $3 AND assigned_at >= $3
			ORDER BY ended_at LIMIT $4)) ORDER BY c.created_at, c.id`
	if actor.IsUser() {
		which = `WHERE c.id IN (
		SELECT id FROM chats WHERE user_id = $1 AND status <> 'ended'
		UNION ALL SELECT id FROM chats WHERE user_id = $1 AND id = ANY($2::text[])
		UNION ALL (SELECT id FROM chats WHERE user_id = $1 AND status = 'ended' AND ended_at >= $3 AND created_at >= $3
			ORDER BY created_at LIMIT $4)) ORDER BY c.created_at, c.id`
	}
	limit := 100
	if since.IsZero() {
		limit = 0
	}
	return d.chats(ctx, which, actor.ID, ids, since, limit)
}
