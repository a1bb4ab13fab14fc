package models

import (
	"context"
	"time"
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
// order. Everything up to the chat's version is in it, nothing after. Users do not get notes. Version 0 is everything.
func (d *Desk) Since(ctx context.Context, actor Actor, chatID string, version int64) (*Change, error) {
	row, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	change := &Change{Chat: row.Chat}
	if change.Chat.Version <= version {
		return change, nil
	}
	err = d.db.NewRaw(`SELECT * FROM messages WHERE chat_id = ? AND version > ? AND version <= ? AND (? OR message_type <> 'note') ORDER BY id`,
		chatID, version, row.Version, actor.IsAgent()).Scan(ctx, &change.Messages)
	if err != nil {
		return nil, translate(err)
	}
	err = d.db.NewRaw(`SELECT max(s.message_id) AS up_to, array_agg(s.message_id ORDER BY s.message_id) AS ids, s.status, m.sender_type, s.version, max(s.changed_at) AS at
		FROM message_status_changes s JOIN messages m ON m.chat_id = s.chat_id AND m.id = s.message_id
		WHERE s.chat_id = ? AND s.version > ? AND s.version <= ? GROUP BY s.version, s.status, m.sender_type ORDER BY s.version`,
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

// Head is an open chat's version.
type Head struct {
	ChatID  string  `bun:"id"`
	UserID  string  `bun:"user_id"`
	AgentID *string `bun:"agent_id"`
	Version int64   `bun:"version"`
}

// Heads returns the versions of the open chats of those users and agents, by one statement, for streams that cannot rely on being told.
func (d *Desk) Heads(ctx context.Context, userIDs, agentIDs []string) ([]Head, error) {
	heads := []Head{}
	err := d.db.NewRaw(`SELECT id, user_id, agent_id, version FROM chats WHERE status <> 'ended' AND user_id IN (?)
		UNION SELECT id, user_id, agent_id, version FROM chats WHERE status = 'active' AND agent_id IN (?)`,
		bunIn(append([]string{""}, userIDs...)), bunIn(append([]string{""}, agentIDs...))).Scan(ctx, &heads)
	return heads, translate(err)
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
