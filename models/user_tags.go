package models

import (
	"context"
	"strings"
)

// maxUserTags is how many tags a person may have.
const maxUserTags = 20

// maxTagsOffered is how many tags a completion returns.
const maxTagsOffered = 10

func tagsOfUser(ctx context.Context, q rawQuerier, userID string) ([]string, error) {
	tags := []string{}
	err := q.NewRaw(`SELECT tag FROM user_tags WHERE user_id = ? ORDER BY added_at, tag`, userID).Scan(ctx, &tags)
	return tags, err
}

// userTag returns a tag as it is stored: on one line, with single spaces. Anything but 1 to 40 characters is
// validation_failed.
func userTag(tag string) (string, error) {
	return validateText("tag", strings.Join(strings.Fields(oneLine(tag)), " "), 1, 40)
}

// AddUserTag gives the user of a chat a tag. A tag that the user has, in any case, is no error and changes nothing; more
// than 20 are 409 too_many_user_tags, and anything but 1 to 40 characters is validation_failed. It otherwise refuses as
// [Desk.UserProfile] does.
func (d *Desk) AddUserTag(ctx context.Context, actor Actor, chatID, tag string) error {
	tag, err := userTag(tag)
	if err != nil {
		return err
	}
	return d.changeProfile(ctx, actor, chatID, func(ctx context.Context, t *tx, u *User) (bool, error) {
		tags, err := tagsOfUser(ctx, t, u.ID)
		if err != nil {
			return false, err
		}
		var has bool
		err = t.NewRaw(`SELECT EXISTS (SELECT FROM user_tags WHERE user_id = ? AND lower(tag) = lower(?))`, u.ID, tag).Scan(ctx, &has)
		if err != nil || has {
			return false, err
		}
		if len(tags) >= maxUserTags {
			return false, ErrTooManyUserTags
		}
		_, err = t.NewRaw(`INSERT INTO user_tags (user_id, tag, agent_id, added_at) VALUES (?, ?, ?, ?)`,
			u.ID, tag, actor.ID, t.now).Exec(ctx)
		if err != nil {
			return false, err
		}
		return true, t.audit(ctx, actor, AuditUserTagAdded, aboutUser(u.ID), nil)
	})
}

// RemoveUserTag takes a tag, in any case, from the user of a chat. A tag that the user does not have is no error. It
// refuses as [Desk.AddUserTag] does.
func (d *Desk) RemoveUserTag(ctx context.Context, actor Actor, chatID, tag string) error {
	tag, err := userTag(tag)
	if err != nil {
		return err
	}
	return d.changeProfile(ctx, actor, chatID, func(ctx context.Context, t *tx, u *User) (bool, error) {
		res, err := t.NewRaw(`DELETE FROM user_tags WHERE user_id = ? AND lower(tag) = lower(?)`, u.ID, tag).Exec(ctx)
		if err != nil {
			return false, err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return false, nil
		}
		return true, t.audit(ctx, actor, AuditUserTagRemoved, aboutUser(u.ID), nil)
	})
}

// UserTagsInUse returns up to 10 tags that persons have and that begin with a text in any case, the most used first.
// Without a text it looks at the last 1,000 tags that were added. More than 200 characters are validation_failed, and
// users get 403 role_required.
func (d *Desk) UserTagsInUse(ctx context.Context, actor Actor, text string) ([]string, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	text, err := validateText("q", oneLine(text), 0, 200)
	if err != nil {
		return nil, err
	}
	last := `SELECT tag FROM user_tags ORDER BY added_at DESC LIMIT 1000`
	if text != "" {
		last = `SELECT tag FROM user_tags WHERE lower(tag) LIKE lower(?0) LIMIT 10000`
	}
	tags := []string{}
	err = d.db.NewRaw(`SELECT min(tag) FROM (`+last+`) t GROUP BY lower(tag) ORDER BY count(*) DESC, lower(tag) LIMIT ?1`,
		likePattern(text)+"%", maxTagsOffered).Scan(ctx, &tags)
	return tags, translate(err)
}

// likePattern returns a text in which nothing has a meaning to LIKE.
func likePattern(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
