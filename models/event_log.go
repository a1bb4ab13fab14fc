package models

import (
	"context"
	"log/slog"
)

// logChanges writes a debug line for each step of a chat and of a message: ids and states, never content.
func (d *Desk) logChanges(events []Event) {
	ctx := context.Background()
	if !d.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	for i := range events {
		c := events[i].Change
		if c == nil {
			continue
		}
		if c.Chat.Version == 1 || c.Assigned || c.Returned || c.Ended {
			attrs := []slog.Attr{
				slog.String("chat_id", c.Chat.ID), slog.String("status", string(c.Chat.Status)),
				slog.String("agent_id", c.Chat.ServedBy()), slog.Int64("version", c.Chat.Version),
			}
			if c.Ended {
				attrs = append(attrs, slog.String("reason", *c.Chat.EndedReason), slog.String("type", *c.Chat.EndedType))
			}
			d.log.LogAttrs(ctx, slog.LevelDebug, "chat", attrs...)
		}
		for j := range c.Messages {
			m := &c.Messages[j]
			d.logMessage(ctx, c.Chat.ID, m.ID, m.SenderType, m.Status, m.Version)
		}
		for j := range c.Updated {
			m := &c.Updated[j]
			d.logMessage(ctx, c.Chat.ID, m.ID, m.SenderType, m.Status, m.ChangedVersion)
		}
		for _, s := range c.Statuses {
			for _, id := range s.IDs {
				d.logMessage(ctx, c.Chat.ID, id, s.SenderType, s.Status, s.Version)
			}
		}
	}
}

// logMessage writes the line of one message.
func (d *Desk) logMessage(ctx context.Context, chatID string, id int64, from SenderType, status MessageStatus, version int64) {
	d.log.LogAttrs(ctx, slog.LevelDebug, "message", slog.String("chat_id", chatID), slog.Int64("message_id", id),
		slog.String("sender_type", string(from)), slog.String("status", string(status)), slog.Int64("version", version))
}
