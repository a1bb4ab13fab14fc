package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// DraftKind is what a draft becomes when it is sent.
type DraftKind string

// The kinds of drafts. An agent has one of each in a chat.
const (
	DraftReply DraftKind = "reply"
	DraftNote  DraftKind = "note"
)

// draftsKeptAfterEnd is how long drafts of an ended chat are kept: its agent may still need the text.
const draftsKeptAfterEnd = 7 * 24 * time.Hour

// Draft is text that an agent has typed in a chat and not sent. Only its author reads it, and after the chat was moved the
// agent who has the chat now; users and supervisors never do, and it is not part of the export of a user.
type Draft struct {
	ChatID    string    `bun:"chat_id"    json:"chat_id"`
	AgentID   string    `bun:"agent_id"   json:"agent_id"` // its author
	AgentName string    `bun:"agent_name" json:"agent_name"`
	Kind      DraftKind `bun:"kind"       json:"kind"`
	Content   string    `bun:"content"    json:"content"` // "" after it was discarded
	Version   int64     `bun:"version"    json:"version"` // grows with each save; that of a discarded draft only orders events
	UpdatedAt time.Time `bun:"updated_at" json:"updated_at"`
}

// DraftChange announces a draft after it was saved or discarded to the agents who may read it.
type DraftChange struct {
	Draft    Draft    `json:"draft"`
	AgentIDs []string `json:"agent_ids"`
}

// NewDraft is a draft to be saved.
type NewDraft struct {
	Kind    DraftKind
	Content string // at most 4,000 characters; "" discards the draft
	// Version is the version of the draft that Content continues, 0 for none. nil replaces the draft in any version.
	Version *int64
}

// storedDraft is a draft with what became of it.
type storedDraft struct {
	Draft `bun:",extend"`

	// IsSent is true when its author sent a message that begins with the text after it was saved: the process or the browser
	// ended before the draft was discarded. It counts as discarded.
	IsSent bool `bun:"is_sent"`
}

// selectDrafts reads [storedDraft] rows d of chats c. Only the last messages are compared, which is where a draft that was just
// sent is.
const selectDrafts = `SELECT d.chat_id, d.agent_id, a.name AS agent_name, d.kind, d.content, d.version, d.updated_at,
		EXISTS (SELECT FROM (SELECT * FROM messages WHERE chat_id = d.chat_id ORDER BY id DESC LIMIT 20) m
			WHERE m.sender_type = 'customer_service' AND m.sender_id = d.agent_id AND m.created_at >= d.updated_at
			AND (m.message_type = 'note') = (d.kind = 'note') AND starts_with(m.content, d.content)) AS is_sent
	FROM drafts d JOIN chats c ON c.id = d.chat_id JOIN agents a ON a.id = d.agent_id `

// Drafts returns the drafts in the actor's active chats, oldest first: the actor's own, and those that other agents left there.
func (d *Desk) Drafts(ctx context.Context, actor Actor) ([]Draft, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	return d.readDrafts(ctx, `WHERE c.agent_id = ? AND c.status = 'active'`, actor.ID)
}

// DraftsInChat returns the drafts in a chat of the actor's, also one that has ended, oldest first. To a supervisor who is not
// part of the chat it is 403 not_in_chat, to all others 404 chat_not_found.
func (d *Desk) DraftsInChat(ctx context.Context, actor Actor, chatID string) ([]Draft, error) {
	if _, err := checkDraftsOf(ctx, d.db, actor, chatID, ""); err != nil {
		return nil, translate(err)
	}
	return d.readDrafts(ctx, `WHERE c.id = ? AND c.agent_id = ?`, chatID, actor.ID)
}

func (d *Desk) readDrafts(ctx context.Context, where string, args ...any) ([]Draft, error) {
	var stored []storedDraft
	err := d.db.NewRaw(selectDrafts+where+` ORDER BY d.updated_at, d.version`, args...).Scan(ctx, &stored)
	drafts := make([]Draft, 0, len(stored))
	for i := range stored {
		if !stored[i].IsSent {
			drafts = append(drafts, stored[i].Draft)
		}
	}
	return drafts, translate(err)
}

// SaveDraft stores the actor's own draft in a chat and returns it. Without a text it discards the draft. A save that continues
// another version than the stored one is 409 draft_outdated, unless the text is the same. It refuses an ended chat with 409
// chat_ended, and all others as [Desk.DraftsInChat] does. An unknown kind or a text that is too long is validation_failed.
func (d *Desk) SaveDraft(ctx context.Context, actor Actor, chatID string, in NewDraft) (*Draft, error) {
	content, err := d.messageText("content", in.Content, 0, maxContent)
	if err != nil {
		return nil, err
	}
	if err := in.Kind.check(); err != nil {
		return nil, err
	}
	var saved *Draft
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := checkDraftsOf(ctx, t, actor, chatID, ` FOR KEY SHARE`)
		if err != nil {
			return err
		}
		if !c.IsOpen() {
			return ErrChatEnded
		}
		before, err := lockDraft(ctx, t, chatID, actor.ID, in.Kind)
		if err != nil {
			return err
		}
		saved = &before.Draft
		isCurrent := in.Version == nil || *in.Version == before.Version || before.IsSent && *in.Version == 0
		switch {
		case before.Content == content && !before.IsSent: // also the retry of a save whose answer was lost
		case !isCurrent:
			return ErrDraftOutdated
		case content == "":
			if err := t.deleteDraft(ctx, saved); err != nil {
				return err
			}
		default:
			if err := t.storeDraft(ctx, saved, content); err != nil {
				return err
			}
		}
		t.emitDraft(saved, c)
		return nil
	})
	return saved, err
}

// DiscardDraft removes a draft in a chat of the actor's: the actor's own, or the one that the agent authorID left there. A
// draft that does not exist is not an error. It refuses as [Desk.DraftsInChat] does, and an unknown kind with
// validation_failed.
func (d *Desk) DiscardDraft(ctx context.Context, actor Actor, chatID, authorID string, kind DraftKind) error {
	if err := kind.check(); err != nil {
		return err
	}
	if authorID == "" {
		authorID = actor.ID
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := checkDraftsOf(ctx, t, actor, chatID, ` FOR KEY SHARE`)
		if err != nil {
			return err
		}
		draft, err := lockDraft(ctx, t, chatID, authorID, kind)
		if err != nil || draft.Content == "" {
			return err
		}
		if err := t.deleteDraft(ctx, &draft.Draft); err != nil {
			return err
		}
		t.emitDraft(&draft.Draft, c)
		return nil
	})
}

func (k DraftKind) check() error {
	if k == DraftReply || k == DraftNote {
		return nil
	}
	return invalid("kind", fieldUnknown, "kind must be reply or note.")
}

// checkDraftsOf returns a chat whose drafts the actor may read, and refuses as [Desk.DraftsInChat] does.
func checkDraftsOf(ctx context.Context, q rawQuerier, actor Actor, chatID, lock string) (*Chat, error) {
	c := new(Chat)
	err := q.NewRaw(`SELECT * FROM chats WHERE id = ?`+lock, chatID).Scan(ctx, c)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && !actor.IsAgent():
		return nil, ErrChatNotFound
	case err != nil:
		return nil, err
	}
	return c, actor.checkHas(c)
}

// lockDraft returns a locked draft, without content and version if it does not exist.
func lockDraft(ctx context.Context, t *tx, chatID, agentID string, kind DraftKind) (*storedDraft, error) {
	s := new(storedDraft)
	err := t.NewRaw(selectDrafts+`WHERE d.chat_id = ? AND d.agent_id = ? AND d.kind = ? FOR UPDATE OF d`, chatID, agentID, kind).
		Scan(ctx, s)
	if errors.Is(err, sql.ErrNoRows) {
		s.Draft = Draft{ChatID: chatID, AgentID: agentID, Kind: kind}
		err = nil
	}
	return s, err
}

// storeDraft writes the text of a locked draft. If it did not exist, another save may have added it meanwhile: draft_outdated.
func (t *tx) storeDraft(ctx context.Context, draft *Draft, content string) error {
	err := t.NewRaw(`INSERT INTO drafts AS d (chat_id, agent_id, kind, content, version) VALUES (?0, ?1, ?2, ?3, nextval('drafts_version'))
		ON CONFLICT (chat_id, agent_id, kind) DO UPDATE
			SET content = excluded.content, version = nextval('drafts_version'), updated_at = clock_timestamp() WHERE d.version = ?4
		RETURNING content, version, updated_at, (SELECT name FROM agents WHERE id = ?1)`,
		draft.ChatID, draft.AgentID, draft.Kind, content, draft.Version).
		Scan(ctx, &draft.Content, &draft.Version, &draft.UpdatedAt, &draft.AgentName)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrDraftOutdated
	}
	return err
}

// deleteDraft deletes a locked draft and leaves it without a text, at the version and the time of that.
func (t *tx) deleteDraft(ctx context.Context, draft *Draft) error {
	draft.Content = ""
	return t.NewRaw(`DELETE FROM drafts WHERE chat_id = ? AND agent_id = ? AND kind = ?
		RETURNING nextval('drafts_version'), clock_timestamp()`, draft.ChatID, draft.AgentID, draft.Kind).
		Scan(ctx, &draft.Version, &draft.UpdatedAt)
}

// emitDraft emits a draft to its author and to the agent who has the chat.
func (t *tx) emitDraft(draft *Draft, c *Chat) {
	if draft.Version == 0 {
		return // there was none, and there is none
	}
	ids := []string{draft.AgentID}
	if now := c.ServedBy(); !slices.Contains(ids, now) {
		ids = append(ids, now)
	}
	t.emit(Event{Kind: KindDraft, Draft: &DraftChange{Draft: *draft, AgentIDs: ids}})
}
