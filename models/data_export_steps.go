package models

import (
	"context"
	"fmt"
)

// next reads what comes next, writes it, and moves the cursor behind it.
func (e *DataExport) next(ctx context.Context, w *exportWriter) error {
	switch e.cursor.Step {
	case exportErasures:
		return e.writeErasures(ctx, w)
	case exportEnded:
		return e.writeEnded(ctx, w)
	case exportOpen:
		return e.writeOpen(ctx, w)
	default:
		return e.writePresence(ctx, w)
	}
}

// changedSince is the condition that a row of a table was written in the transaction with that number or a later one. PostgreSQL keeps the
// last 32 bits of the number in the row, so a row that is two billion transactions older counts as changed too.
func changedSince(table string, transaction uint64) string {
	if transaction == 0 {
		return `true`
	}
	const all = 1 << 32
	return fmt.Sprintf(`mod(%s.xmin::text::bigint - %d, %d) < %d`, table, int64(transaction%all)-all, int64(all), int64(all/2))
}

// writeErasures tells the receiver of the export before which users were erased since.
func (e *DataExport) writeErasures(ctx context.Context, w *exportWriter) error {
	if !e.cursor.IsNext {
		e.cursor.enter(exportEnded)
		return nil
	}
	var rows []exportedErasure
	err := e.read(ctx, func(ctx context.Context, t *tx) error {
		rows = []exportedErasure{}
		return t.NewRaw(`SELECT l.id, l.subject_id, l.at FROM audit_log l WHERE l.action = ?0 AND l.at >= ?1 AND (l.at, l.id) > (?2, ?3)
			AND `+changedSince("l", e.cursor.Since)+` ORDER BY l.at, l.id LIMIT ?4`,
			AuditUserErased, e.cursor.From, e.cursor.Time, e.cursor.Row, exportMessages).Scan(ctx, &rows)
	})
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		r.Type = "user_erased"
		w.add(r.Type, r)
		e.cursor.Time, e.cursor.Row = r.ErasedAt, r.ID
	}
	if len(rows) < exportMessages {
		e.cursor.enter(exportEnded)
	}
	return nil
}

// writeEnded writes chats that have ended, in the order of their latest changes.
func (e *DataExport) writeEnded(ctx context.Context, w *exportWriter) error {
	type change struct {
		ChatID string `bun:"chat_id"`
		Tx     uint64 `bun:"tx"`
		IsDue  bool   `bun:"is_due"`
	}
	var changes []change
	var chats []dataChat
	from := max(e.cursor.Tx, e.cursor.Since) // with the id "", which no chat has, before the first change of that transaction
	err := e.read(ctx, func(ctx context.Context, t *tx) error {
		changes, chats = []change{}, []dataChat{}
		// Rows are selected by time after they were counted, so that a step reads no more of them than that.
		err := t.NewRaw(`SELECT chat_id, changed_by::text::numeric AS tx, ?2 OR changed_at >= ?3 AS is_due FROM export_changes
			WHERE (changed_by, chat_id) > (?0::text::xid8, ?1) ORDER BY changed_by, chat_id LIMIT ?4`,
			from, e.cursor.ID, e.cursor.Since != 0, e.cursor.From, exportLookahead).Scan(ctx, &changes)
		if err != nil {
			return err
		}
		var ids []string
		for _, c := range changes {
			if c.IsDue {
				ids = append(ids, c.ChatID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		chats, err = readDataChats(ctx, t, `true`, `c.id IN (?) ORDER BY c.id`, bunIn(ids))
		return err
	})
	if err != nil {
		return err
	}
	if err := e.writeChats(ctx, w, chats); err != nil {
		return err
	}
	if n := len(changes); n == exportLookahead {
		e.cursor.Tx, e.cursor.ID = changes[n-1].Tx, changes[n-1].ChatID
	} else {
		e.cursor.enter(exportOpen)
	}
	return nil
}

// writeOpen writes open chats, in the order of their users, who have at most one.
func (e *DataExport) writeOpen(ctx context.Context, w *exportWriter) error {
	var chats []dataChat
	err := e.read(ctx, func(ctx context.Context, t *tx) (err error) {
		chats, err = readDataChats(ctx, t, changedSince("c", e.cursor.Since),
			`c.status <> 'ended' AND c.user_id > ? ORDER BY c.user_id LIMIT ?`, e.cursor.ID, exportLookahead)
		return err
	})
	if err != nil {
		return err
	}
	changed := chats[:0:0]
	for i := range chats {
		if chats[i].IsChanged { // every change of a message changes its chat too
			changed = append(changed, chats[i])
		}
	}
	if err := e.writeChats(ctx, w, changed); err != nil {
		return err
	}
	if n := len(chats); n == exportLookahead {
		e.cursor.ID = chats[n-1].UserID
	} else {
		e.cursor.enter(exportPresence)
	}
	return nil
}

// readDataChats reads chats that fulfil a condition, each with whether it fulfils another one, of being changed.
func readDataChats(ctx context.Context, t *tx, changed, where string, args ...any) ([]dataChat, error) {
	chats := []dataChat{}
	err := t.NewRaw(`SELECT c.id, c.version, c.user_id, c.agent_id, a.name AS agent_name, c.department, c.channel, c.status, c.priority,
			c.created_at, c.queued_at, c.first_assigned_at, c.assigned_at, c.first_response_at, c.last_message_at, c.ended_at,
			c.ended_reason, c.ended_type, c.end_comment, c.total_messages, c.assignments, c.transfers, c.bot_id, c.page_url,
			c.page_title, c.last_seq, c.rating,
			c.rating_comment, c.rating_reasons, c.rated_at, c.outcome, c.tags, c.wrapped_up_at, c.wrap_up_skipped, `+changed+` AS is_changed
		FROM chats c LEFT JOIN agents a ON a.id = c.agent_id WHERE `+where, args...).Scan(ctx, &chats)
	return chats, err
}

// writeChats writes chats with what belongs to them. It reads the messages of as many chats at a time as have exportMessages together.
func (e *DataExport) writeChats(ctx context.Context, w *exportWriter, chats []dataChat) error {
	for len(chats) > 0 && w.err == nil {
		n, messages := 1, chats[0].LastSeq
		for n < len(chats) && messages+chats[n].LastSeq <= exportMessages {
			messages += chats[n].LastSeq
			n++
		}
		ids := make([]string, n)
		for i := range n {
			ids[i] = chats[i].ID
			writeDataChat(w, &chats[i])
		}
		var err error
		if n == 1 {
			err = e.writeMessagesOf(ctx, w, ids[0])
		} else {
			_, err = e.writeMessages(ctx, w, `m.chat_id IN (?) ORDER BY m.chat_id, m.id`, bunIn(ids))
		}
		if err != nil {
			return err
		}
		chats = chats[n:]
	}
	return nil
}

// writeMessagesOf writes the messages of one chat, which may be any number.
func (e *DataExport) writeMessagesOf(ctx context.Context, w *exportWriter, chatID string) error {
	for last := int64(0); w.err == nil; {
		rows, err := e.writeMessages(ctx, w, `m.chat_id = ? AND m.id > ? ORDER BY m.id LIMIT ?`, chatID, last, exportMessages)
		if err != nil || len(rows) < exportMessages {
			return err
		}
		last = rows[len(rows)-1].ID
	}
	return nil
}

// writeMessages writes the changed messages that fulfil a condition, and returns them.
func (e *DataExport) writeMessages(ctx context.Context, w *exportWriter, where string, args ...any) ([]dataMessage, error) {
	var rows []dataMessage
	err := e.read(ctx, func(ctx context.Context, t *tx) error {
		rows = []dataMessage{}
		return t.NewRaw(`SELECT m.chat_id, m.id, m.seq, m.sender_type, m.sender_id, m.message_type, m.content, m.system_kind, m.system_args,
				m.client_message_id, m.status, m.created_at, m.delivered_at, m.read_at, m.edited_at, m.withdrawn_at, m.via,
				m.by_bot::int AS is_by_bot, m.quick_replies,
				CASE WHEN a.chat_id IS NOT NULL THEN jsonb_build_object('name', a.name, 'content_type', a.content_type, 'size', a.size) END AS file
			FROM messages m LEFT JOIN attachments a ON m.message_type IN ('image', 'file') AND a.chat_id = m.chat_id AND a.message_id = m.id
			WHERE `+changedSince("m", e.cursor.Since)+` AND `+where, args...).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		writeDataMessage(w, &rows[i])
	}
	return rows, nil
}

// writePresence writes changes of the presence of agents.
func (e *DataExport) writePresence(ctx context.Context, w *exportWriter) error {
	var rows []dataPresence
	err := e.read(ctx, func(ctx context.Context, t *tx) error {
		rows = []dataPresence{}
		return t.NewRaw(`SELECT p.id, p.agent_id, a.name AS agent_name, p.from_presence, p.to_presence, p.cause, r.name_en, r.name_zh_cn,
				p.planned_minutes, p.by_id, p.at
			FROM presence_changes p JOIN agents a ON a.id = p.agent_id LEFT JOIN break_reasons r ON r.id = p.reason_id
			WHERE p.at >= ?0 AND (p.at, p.id) > (?1, ?2) AND `+changedSince("p", e.cursor.Since)+` ORDER BY p.at, p.id LIMIT ?3`,
			e.cursor.From, e.cursor.Time, e.cursor.Row, exportMessages).Scan(ctx, &rows)
	})
	if err != nil {
		return err
	}
	for i := range rows {
		p := &rows[i]
		p.Type = "presence"
		w.add(p.Type, p)
		e.cursor.Time, e.cursor.Row = p.At, p.ID
	}
	if len(rows) < exportMessages {
		e.cursor.complete()
	}
	return nil
}
