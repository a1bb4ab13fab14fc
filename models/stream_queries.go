package models

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// OpenChats returns the chats that a receiver's stream is about: a user's open chat, an agent's active ones.
func (d *Desk) OpenChats(ctx context.Context, actor Actor) ([]Chat, error) {
	query := `SELECT * FROM chats WHERE agent_id = ? AND status = 'active' ORDER BY id`
	if actor.IsUser() {
		query = `SELECT * FROM chats WHERE user_id = ? AND status <> 'ended'`
	}
	chats := []Chat{}
	err := d.db.NewRaw(query, actor.ID).Scan(ctx, &chats)
	return chats, translate(err)
}

// Since returns everything that happened in a chat after a version: the chat as it is, the messages and the status changes in their
// order. Everything up to the chat's version is in it, nothing after. A message that is in it carries its status, and no earlier step
// of it is said again. Users do not get notes. Version 0 is everything.
func (d *Desk) Since(ctx context.Context, actor Actor, chatID string, version int64) (*Change, error) {
	row, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	change := &Change{Chat: row.Chat}
	if change.Chat.Version <= version {
		return change, nil
	}
	err = d.db.NewRaw(selectMessages+`WHERE m.chat_id = ? AND m.version > ? AND m.version <= ? AND (? OR m.message_type <> 'note') ORDER BY m.id`,
		chatID, version, row.Version, actor.IsAgent()).Scan(ctx, &change.Messages)
	if err != nil {
		return nil, translate(err)
	}
	err = d.db.NewRaw(`SELECT coalesce((SELECT min(o.id) - 1 FROM messages o WHERE o.chat_id = ?0 AND o.sender_type = m.sender_type AND o.message_type <> 'note'
			AND (o.status = 'sent' OR o.status = 'delivered' AND s.status = 'read') AND o.id <= max(s.message_id)), max(s.message_id)) AS up_to, array_agg(s.message_id ORDER BY s.message_id) AS ids, s.status, m.sender_type, s.version, max(s.changed_at) AS at
		FROM message_status_changes s JOIN messages m ON m.chat_id = s.chat_id AND m.id = s.message_id
		WHERE s.chat_id = ?0 AND s.version > ?1 AND s.version <= ?2 AND m.version <= ?1 GROUP BY s.version, s.status, m.sender_type ORDER BY s.version`,
		chatID, version, row.Version).Scan(ctx, &change.Statuses)
	if err != nil {
		return nil, translate(err)
	}
	change.Ended = row.Status == Ended
	if change.Assigned = row.Status == Active; change.Assigned {
		a, err := d.AgentByID(ctx, *row.AgentID)
		if err != nil {
			return nil, err
		}
		change.Agent = a.Card()
	}
	return change, nil
}

// ChatVersion is how far a chat has come.
type ChatVersion struct {
	ChatID  string
	UserID  string
	AgentID *string
	Version int64
	EndedAt *time.Time // nil for open chats
}

// Snapshot is everything that may have to be told to somebody, at one moment, small enough to look at every second.
type Snapshot struct {
	At     time.Time     // on PostgreSQL's clock, before the rest was read
	Queue  string        // another whenever others wait, or in another order
	Heads  []ChatVersion // the open chats of those who were asked for, and those that ended a moment ago
	Agents []PresenceChange
}

// Snapshot looks at the queue, at every agent and at the chats of those users and agents: for streams, which cannot rely on being told.
func (d *Desk) Snapshot(ctx context.Context, userIDs, agentIDs []string) (*Snapshot, error) {
	g := &Snapshot{Heads: []ChatVersion{}}
	err := d.queryPrepared(ctx, `SELECT clock_timestamp(), concat_ws(' ', count(*), sum(queue_id), sum(queue_id * priority), count(returned_at))
		FROM chats WHERE status = 'waiting'`, nil, &g.At, &g.Queue)
	if err != nil {
		return nil, translate(err)
	}
	err = d.queryPreparedRows(ctx, `SELECT id, user_id, agent_id, version, ended_at FROM chats WHERE status <> 'ended' AND user_id = ANY($1)
		UNION SELECT id, user_id, agent_id, version, ended_at FROM chats WHERE status = 'active' AND agent_id = ANY($2)
		UNION SELECT id, user_id, agent_id, version, ended_at FROM chats WHERE status = 'ended' AND ended_at > now() - interval '10 seconds'
			AND (user_id = ANY($1) OR agent_id = ANY($2))`, []any{userIDs, agentIDs}, func(rows pgx.Rows) error {
		var head ChatVersion
		err := rows.Scan(&head.ChatID, &head.UserID, &head.AgentID, &head.Version, &head.EndedAt)
		g.Heads = append(g.Heads, head)
		return err
	})
	if err != nil {
		return nil, translate(err)
	}
	all, err := d.agents(ctx, d, ``)
	for i := range all {
		g.Agents = append(g.Agents, *all[i].presenceEvent(false).Presence)
	}
	return g, translate(err)
}

// UnpublishedCommits counts the transactions of those who tell nobody, as the commands of the console: another number means that something happened of which
// no event speaks. settings is the version of the settings and sites in the database; [Desk.SettingsVersion] is of those in force here.
func (d *Desk) UnpublishedCommits(ctx context.Context) (n, settings int64, err error) {
	err = d.queryPrepared(ctx, `SELECT unheard, settings_version FROM pulse`, nil, &n, &settings)
	return n, settings, translate(err)
}

const incrementUnpublished = `UPDATE pulse SET unheard = unheard + 1`

// countUnpublished makes UnpublishedCommits return another number, so that every instance reads again all that it keeps.
func (d *Desk) countUnpublished(ctx context.Context) error {
	_, err := d.db.NewRaw(incrementUnpublished).Exec(ctx)
	return err
}

// Now returns PostgreSQL's clock, by which everything is stamped.
func (d *Desk) Now(ctx context.Context) (now time.Time, err error) {
	err = d.db.NewRaw(`SELECT clock_timestamp()`).Scan(ctx, &now)
	return now, translate(err)
}

// StartedSince returns the ids of a receiver's chats that began or were assigned since a time, ended ones included: what a stream
// that was away then has not heard of.
func (d *Desk) StartedSince(ctx context.Context, actor Actor, since time.Time) ([]string, error) {
	query := `SELECT id FROM chats WHERE agent_id = ? AND status = 'ended' AND ended_at >= ? AND assigned_at >= ? ORDER BY ended_at LIMIT 100`
	if actor.IsUser() {
		query = `SELECT id FROM chats WHERE user_id = ? AND status = 'ended' AND ended_at >= ? AND created_at >= ? ORDER BY created_at LIMIT 100`
	}
	ids := []string{}
	err := d.db.NewRaw(query, actor.ID, since, since).Scan(ctx, &ids)
	return ids, translate(err)
}
