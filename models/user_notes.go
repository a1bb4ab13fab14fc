package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// MaxUserNote is the most characters of a note about a person, and maxUserNotes the most notes about one.
const (
	MaxUserNote  = 2000
	maxUserNotes = 200
)

// UserNote is what an agent wrote about a person. All agents who may read a chat of the person read and edit it.
type UserNote struct {
	ID         int64      `bun:"id"          json:"id"`
	UserID     string     `bun:"user_id"     json:"-"`
	AgentID    *string    `bun:"agent_id"    json:"agent_id"` // its author; nil if the agent is no longer stored
	AgentName  *string    `bun:"agent_name"  json:"agent_name"`
	Content    string     `bun:"content"     json:"content"`
	Version    int        `bun:"version"     json:"version"` // counts the edits, from 1
	CreatedAt  time.Time  `bun:"created_at"  json:"created_at"`
	EditedAt   *time.Time `bun:"edited_at"   json:"edited_at"`
	EditedBy   *string    `bun:"edited_by"   json:"edited_by"`
	EditorName *string    `bun:"editor_name" json:"editor_name"`
}

const selectUserNotes = `SELECT n.*, a.name AS agent_name, e.name AS editor_name FROM user_notes n
	LEFT JOIN agents a ON a.id = n.agent_id LEFT JOIN agents e ON e.id = n.edited_by `

func notesOfUser(ctx context.Context, q rawQuerier, userID string) ([]UserNote, error) {
	notes := []UserNote{}
	err := q.NewRaw(selectUserNotes+`WHERE n.user_id = ? ORDER BY n.id DESC`, userID).Scan(ctx, &notes)
	return notes, err
}

// userNote returns one note about a user, or user_note_not_found.
func userNote(ctx context.Context, q rawQuerier, userID string, id int64) (*UserNote, error) {
	n := new(UserNote)
	err := q.NewRaw(selectUserNotes+`WHERE n.user_id = ? AND n.id = ?`, userID, id).Scan(ctx, n)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrUserNoteNotFound
	}
	return n, err
}

// AddUserNote stores a note about the user of a chat and returns it. The same text by the same agent within a minute is
// a retry and returns the stored note. Anything but 1 to 2,000 characters is validation_failed, more than 200 notes are
// 409 too_many_user_notes. It otherwise refuses as [Desk.UserProfile] does.
func (d *Desk) AddUserNote(ctx context.Context, actor Actor, chatID, content string) (*UserNote, error) {
	content, err := d.messageText("content", content, 1, MaxUserNote)
	if err != nil {
		return nil, err
	}
	var note *UserNote
	err = d.changeProfile(ctx, actor, chatID, func(ctx context.Context, t *tx, u *User) (bool, error) {
		notes, err := notesOfUser(ctx, t, u.ID)
		if err != nil {
			return false, err
		}
		for i := range notes {
			n := &notes[i]
			if n.AgentID != nil && *n.AgentID == actor.ID && n.Content == content && t.now.Sub(n.CreatedAt) < time.Minute {
				note = n
				return true, nil // the change may not have been announced
			}
		}
		if len(notes) >= maxUserNotes {
			return false, ErrTooManyUserNotes
		}
		var id int64
		err = t.NewRaw(`INSERT INTO user_notes (user_id, agent_id, content, created_at) VALUES (?, ?, ?, ?) RETURNING id`,
			u.ID, actor.ID, content, t.now).Scan(ctx, &id)
		if err != nil {
			return false, err
		}
		if note, err = userNote(ctx, t, u.ID, id); err != nil {
			return false, err
		}
		return true, t.audit(ctx, actor, AuditUserNoteAdded, aboutUser(u.ID), details{"note": id})
	})
	return note, err
}

// EditUserNote replaces the text of a note about the user of a chat, also that of another agent, and returns the note. version is
// the one that the text continues: if the note has another one by now it is 409 user_note_changed with the note as it is,
// unless the text is the same. A note that is not about the user is 404 user_note_not_found. It otherwise refuses as
// [Desk.AddUserNote] does.
func (d *Desk) EditUserNote(ctx context.Context, actor Actor, chatID string, id int64, content string, version int) (*UserNote, error) {
	content, err := d.messageText("content", content, 1, MaxUserNote)
	if err != nil {
		return nil, err
	}
	var note *UserNote
	err = d.changeProfile(ctx, actor, chatID, func(ctx context.Context, t *tx, u *User) (bool, error) {
		before, err := userNote(ctx, t, u.ID, id)
		if err != nil {
			return false, err
		}
		if note = before; before.Content == content {
			return true, nil // the change may not have been announced
		}
		if before.Version != version {
			changed := *ErrUserNoteChanged
			changed.Note = before
			return false, &changed
		}
		_, err = t.NewRaw(`UPDATE user_notes SET content = ?, version = ?, edited_at = ?, edited_by = ? WHERE id = ?`,
			content, version+1, t.now, actor.ID, id).Exec(ctx)
		if err != nil {
			return false, err
		}
		if note, err = userNote(ctx, t, u.ID, id); err != nil {
			return false, err
		}
		return true, t.audit(ctx, actor, AuditUserNoteEdited, aboutUser(u.ID), details{"note": id})
	})
	return note, err
}

// RemoveUserNote deletes a note about the user of a chat. It refuses as [Desk.EditUserNote] does, also with 409
// user_note_changed: an agent removes only what the agent has read.
func (d *Desk) RemoveUserNote(ctx context.Context, actor Actor, chatID string, id int64, version int) error {
	return d.changeProfile(ctx, actor, chatID, func(ctx context.Context, t *tx, u *User) (bool, error) {
		before, err := userNote(ctx, t, u.ID, id)
		if err != nil {
			return false, err
		}
		if before.Version != version {
			changed := *ErrUserNoteChanged
			changed.Note = before
			return false, &changed
		}
		if _, err := t.NewRaw(`DELETE FROM user_notes WHERE id = ?`, id).Exec(ctx); err != nil {
			return false, err
		}
		return true, t.audit(ctx, actor, AuditUserNoteRemoved, aboutUser(u.ID), details{"note": id})
	})
}
