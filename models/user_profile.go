package models

import (
	"context"
	"database/sql"
	"errors"
)

// UserProfile is what agents know about the user of a chat.
type UserProfile struct {
	User  User
	Tags  []string   // in the order in which they were added
	Notes []UserNote // newest first
}

// UserProfile returns what agents know about the user of a chat that the actor may read. All others, and users, get 404
// chat_not_found.
func (d *Desk) UserProfile(ctx context.Context, actor Actor, chatID string) (*UserProfile, error) {
	u, err := userOfChat(ctx, d.db, actor, chatID, "")
	if err != nil {
		return nil, translate(err)
	}
	return d.profileOf(ctx, u)
}

func (d *Desk) profileOf(ctx context.Context, u *User) (*UserProfile, error) {
	p := &UserProfile{User: *u}
	var err error
	if p.Tags, err = tagsOfUser(ctx, d.db, u.ID); err != nil {
		return nil, translate(err)
	}
	p.Notes, err = notesOfUser(ctx, d.db, u.ID)
	return p, translate(err)
}

// userOfChat returns the user of a chat that an agent may read, or chat_not_found. lock is a clause for the row u of the
// user, "" for none.
func userOfChat(ctx context.Context, q rawQuerier, actor Actor, chatID, lock string) (*User, error) {
	for {
		c := new(Chat)
		err := q.NewRaw(`SELECT * FROM chats WHERE id = ?`, chatID).Scan(ctx, c)
		switch {
		case errors.Is(err, sql.ErrNoRows), err == nil && !actor.IsAgent():
			return nil, ErrChatNotFound
		case err != nil:
			return nil, err
		}
		if err := actor.checkCanRead(c); err != nil {
			return nil, err
		}
		u := new(User)
		err = q.NewRaw(`SELECT u.* FROM users u WHERE u.id = ?`+lock, c.UserID).Scan(ctx, u)
		if !errors.Is(err, sql.ErrNoRows) {
			return u, err
		}
		// The user became another one, or was erased, after the chat was read: the next reading of the chat tells which.
	}
}

// changeProfile runs change with the locked user of a chat that the actor may read, and emits that the profile changed if
// change returns true. It refuses as [Desk.UserProfile] does.
func (d *Desk) changeProfile(
	ctx context.Context, actor Actor, chatID string, change func(ctx context.Context, t *tx, u *User) (changed bool, err error),
) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		u, err := userOfChat(ctx, t, actor, chatID, ` FOR NO KEY UPDATE OF u`)
		if err != nil {
			return err
		}
		if err := t.tick(ctx); err != nil {
			return err
		}
		changed, err := change(ctx, t, u)
		if err != nil || !changed {
			return err
		}
		e, err := profileChange(ctx, t, u)
		if err == nil {
			t.emit(*e)
		}
		return err
	})
}

// profileChange returns the event that tags or notes of a user changed, for the agents who have or had chats with the user.
func profileChange(ctx context.Context, q rawQuerier, u *User) (*Event, error) {
	change := &UserChange{UserID: u.ID, Card: *u.Card(), AgentIDs: []string{}, ProfileChanged: true}
	err := q.NewRaw(`SELECT DISTINCT agent_id FROM chats WHERE user_id = ? AND agent_id IS NOT NULL`, u.ID).Scan(ctx, &change.AgentIDs)
	return &Event{Kind: KindUserChange, User: change}, err
}

// moveProfile gives tags and notes of one user to another, whose row it locks. Tags beyond maxUserTags are dropped.
func moveProfile(ctx context.Context, t *tx, from, to string) error {
	if _, err := t.NewRaw(`SELECT FROM users WHERE id = ? FOR NO KEY UPDATE`, to).Exec(ctx); err != nil {
		return err
	}
	if _, err := t.NewRaw(`UPDATE user_notes SET user_id = ?1 WHERE user_id = ?0`, from, to).Exec(ctx); err != nil {
		return err
	}
	_, err := t.NewRaw(`INSERT INTO user_tags (user_id, tag, agent_id, added_at)
		SELECT ?1, f.tag, f.agent_id, f.added_at FROM user_tags f
		WHERE f.user_id = ?0 AND lower(f.tag) NOT IN (SELECT lower(tag) FROM user_tags WHERE user_id = ?1)
		ORDER BY f.added_at LIMIT greatest(0, ?2 - (SELECT count(*) FROM user_tags WHERE user_id = ?1))`, from, to, maxUserTags).Exec(ctx)
	return err
}

// announceProfiles publishes that the profiles of users may have changed. Users who are not stored are left out.
func (d *Desk) announceProfiles(ctx context.Context, userIDs []string) error {
	for _, id := range userIDs {
		u, err := d.UserByID(ctx, id)
		if errors.Is(err, ErrUserNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		e, err := profileChange(ctx, d.db, u)
		if err != nil {
			return err
		}
		d.publish([]Event{*e})
	}
	return nil
}
