package models

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// This file alone writes the next version of a chat and inserts messages; a test over the source holds it. The
// statements that store a message or a confirmation at once (message_sql.go, message_status.go) are built from the
// fragments here, all others go through [tx.save].
const (
	// nextVersion is part of the SET of every UPDATE of chats c that others are told of. The chat's row is locked by
	// then.
	nextVersion = `version = c.version + 1`

	// insertMessages begins every INSERT of messages; a SELECT of these columns follows. The id is taken under the lock
	// of the chat's row, so that the order of ids within a chat is the order of commits.
	insertMessages = `INSERT INTO messages (id, chat_id, seq, version, sender_type, sender_id, message_type, content, client_message_id,
		created_at, system_kind, system_args, by_bot, quick_replies) `
)

// writeChanges stores changed chats, the messages that the changes add, and the loads and reserved places of agents. It returns each chat's
// new version, once for every message with the message's id, or once without an id.
//
// The chats and messages come as JSON, so that their columns are those of [Chat] and [Message]. Of the chats only the
// columns that change are written: a drain writes a fifth of them, and the others would cost it a sixth of its speed. The
// condition on $2 repeats the one before it. It lets PostgreSQL estimate the small number of chats, which it cannot do
// from JSON, so that it finds them by their key.
//
//	$1 chats  $2 their ids  $3 messages, those of a chat in their order
//	$4 ids of agents  $5 their loads  $6 since when each load holds  $7 their reserved places  $8 their extra_until  $9 their has_extra
//	$10 their message_load
func writeChanges(changed columns) string {
	return `WITH changed AS (UPDATE chats c SET ` + nextVersion + changed.assignments("n") + `
			FROM json_populate_recordset(NULL::chats, $1) n WHERE c.id = n.id AND c.id = ANY($2::text[]) RETURNING c.id, c.version),
		loaded AS (UPDATE agents a SET load = l.load, idle_since = l.idle_since, reserved = l.reserved, extra_until = l.extra_until,
				has_extra = l.has_extra, message_load = l.message_load
			FROM unnest($4::text[], $5::int[], $6::timestamptz[], $7::int[], $8::timestamptz[], $9::bool[], $10::int[])
				l (id, load, idle_since, reserved, extra_until, has_extra, message_load) WHERE a.id = l.id),
		added AS (` + insertMessages + `SELECT nextval('messages_id'), m.chat_id, m.seq, changed.version, m.sender_type, m.sender_id,
				m.message_type, m.content, m.client_message_id, m.created_at, m.system_kind, m.system_args, m.by_bot, m.quick_replies
			FROM json_populate_recordset(NULL::messages, $3) WITH ORDINALITY m JOIN changed ON changed.id = m.chat_id ORDER BY m.ordinality
			RETURNING chat_id, id)
	SELECT changed.id, changed.version, added.id FROM changed LEFT JOIN added ON added.chat_id = changed.id ORDER BY added.id`
}

// save stores the change of a locked chat as the chat's next version, with the messages that it adds and the loads of
// locked agents, and emits what they mean to others. The change then holds the new version and the ids of its messages.
func (t *tx) save(ctx context.Context, change *chatChange, agents ...*Agent) error {
	return t.saveAll(ctx, []*chatChange{change}, agents...)
}

// saveAll is save for the changes of several chats, in one statement.
func (t *tx) saveAll(ctx context.Context, changes []*chatChange, agents ...*Agent) error {
	agents = slices.DeleteFunc(slices.Clone(agents), (*Agent).IsBot) // they have no load
	if err := t.write(ctx, changes, agents); err != nil {
		return err
	}
	for _, c := range changes {
		t.emit(Event{Kind: KindChange, Change: &c.Change})
		if c.queueCause != "" {
			t.emitQueueChange(c.queueCause, &c.Chat)
		}
		if c.changesHand() {
			t.emit(Event{Kind: KindFlags})
		}
	}
	for _, a := range agents {
		e := a.presenceEvent(false)
		e.Presence.DetailChanged = a.extraChanged
		t.emit(e)
		if !a.extraTaken {
			continue
		}
		if err := t.recordExtra(ctx, a, ExtraTaken, ""); err != nil {
			return err
		}
	}
	return nil
}

// write is saveAll without the events.
func (t *tx) write(ctx context.Context, changes []*chatChange, agents []*Agent) error {
	byID := make(map[string]*chatChange, len(changes))
	chats, before, ids := make([]*Chat, len(changes)), make([]*Chat, len(changes)), make([]string, len(changes))
	messages := []*Message{}
	for i, c := range changes {
		byID[c.Chat.ID], chats[i], before[i], ids[i] = c, &c.Chat, &c.before, c.Chat.ID
		for j := range c.Messages {
			messages = append(messages, &c.Messages[j])
		}
	}
	changed := changedColumns(chatRow, before, chats)
	chatsJSON, err := encodeRows(changed.and(chatKey), chats)
	if err != nil {
		return err
	}
	messagesJSON, err := encodeRows(newMessage, messages)
	if err != nil {
		return err
	}
	agentIDs, loads, since := make([]string, len(agents)), make([]int, len(agents)), make([]time.Time, len(agents))
	reserved, extraUntil, hasExtra := make([]int, len(agents)), make([]*time.Time, len(agents)), make([]bool, len(agents))
	messageLoads := make([]int, len(agents))
	for i, a := range agents {
		agentIDs[i], loads[i], since[i], reserved[i] = a.ID, a.Load, a.IdleSince, a.Reserved
		extraUntil[i], hasExtra[i], messageLoads[i] = a.ExtraUntil, a.HasExtra, a.MessageLoad
	}
	stored := make(map[string]int, len(changes)) // messages, by chat
	args := []any{chatsJSON, ids, messagesJSON, agentIDs, loads, since, reserved, extraUntil, hasExtra, messageLoads}
	err = t.queryPreparedRows(ctx, writeChanges(changed), args, func(rows pgx.Rows) error {
		var chatID string
		var version int64
		var messageID *int64
		if err := rows.Scan(&chatID, &version, &messageID); err != nil {
			return err
		}
		c := byID[chatID]
		c.Chat.Version = version
		if messageID == nil {
			stored[chatID] = 0
			return nil
		}
		m := &c.Messages[stored[chatID]]
		m.ID, m.Version = *messageID, version
		stored[chatID]++
		return nil
	})
	if err == nil && len(stored) != len(changes) {
		err = fmt.Errorf("%d of %d changed chats are stored", len(stored), len(changes))
	}
	return err
}
