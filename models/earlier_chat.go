package models

import (
	"context"
	"strings"
	"unicode"
)

const (
	// maxSearched is in how many earlier chats of a user a search looks, the latest ones.
	maxSearched = 500
	// maxHits is how many messages of one chat a search returns.
	maxHits = 3
	// minSearch is the fewest characters of a search.
	minSearch = 2
)

// EarlierChat is an ended chat of a user, as the agents of the user's other chats see it.
type EarlierChat struct {
	Chat `bun:",extend"`

	AgentName      *string `bun:"agent_name"`
	DepartmentName *string `bun:"department_name"`
	// FirstText is how the first message of the user begins; nil for none, and in a chat that the actor may not read.
	FirstText *string `bun:"first_text"`
	CanRead   bool    `bun:"can_read"`
	Hits      []Hit   `bun:"-"` // of a search, oldest first
}

// Hit is a message that a search found, with the part around what it looked for.
type Hit struct {
	MessageID            int64
	SenderType           SenderType
	Before, Match, After string
}

// EarlierChats returns the ended chats of the user of a chat, without that chat, newest first, and how many there are in
// all. Every agent who may read the chat learns of all of them. CanRead is set for those that the actor may read: the own
// ones, for supervisors every one, and if SHARE_HISTORY is on every one for the agent of an active chat with the user. A
// limit outside 1 to 200 is validation_failed. It otherwise refuses as [Desk.UserProfile] does.
func (d *Desk) EarlierChats(ctx context.Context, actor Actor, chatID string, limit int) (chats []EarlierChat, total int, err error) {
	if limit, err = limitOrDefault(limit, MaxLimit); err != nil {
		return nil, 0, err
	}
	c, readsAll, err := d.runningChat(ctx, actor, chatID)
	if err != nil {
		return nil, 0, err
	}
	if chats, err = d.earlierChats(ctx, actor, c, readsAll, limit); err != nil {
		return nil, 0, err
	}
	err = d.db.NewRaw(`SELECT count(*) FROM chats WHERE user_id = ? AND status = 'ended' AND id <> ?`, c.UserID, c.ID).Scan(ctx, &total)
	return chats, total, translate(err)
}

// SearchUserChats returns those of the user's last 500 earlier chats that the actor may read and in which a message or a
// note contains a text, in any case, newest first, each with up to 3 hits. It is recorded as [Desk.Search] is. The text
// must have 2 to 200 characters, else it is validation_failed. It otherwise refuses as [Desk.UserProfile] does.
func (d *Desk) SearchUserChats(ctx context.Context, actor Actor, chatID, text string) ([]EarlierChat, error) {
	text, err := validateText("q", oneLine(text), minSearch, 200)
	if err != nil {
		return nil, err
	}
	c, readsAll, err := d.runningChat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	chats, err := d.earlierChats(ctx, actor, c, readsAll, maxSearched)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for i := range chats {
		if chats[i].CanRead {
			ids = append(ids, chats[i].ID)
		}
	}
	hits, err := d.hitsIn(ctx, ids, text)
	if err != nil {
		return nil, err
	}
	found, read := []EarlierChat{}, []*Chat{}
	for i := range chats {
		if chats[i].Hits = hits[chats[i].ID]; len(chats[i].Hits) > 0 {
			found, read = append(found, chats[i]), append(read, &chats[i].Chat)
		}
	}
	return found, d.auditSearch(ctx, actor, c.UserID, []string{"q", "user_id"}, read)
}

// EarlierMessages returns an earlier chat of the user of a chat, and its messages as [Desk.MessagesBefore] does. A chat
// that is not an earlier one of that user, or that the actor may not read, is 404 chat_not_found.
func (d *Desk) EarlierMessages(ctx context.Context, actor Actor, chatID, earlierID string, beforeID int64, limit int) (
	earlier *AgentChat, found []Message, hasEarlier bool, err error,
) {
	c, readsAll, err := d.runningChat(ctx, actor, chatID)
	if err != nil {
		return nil, nil, false, err
	}
	chats, err := d.agentChats(ctx, `WHERE c.id = $1 AND c.user_id = $2 AND c.status = 'ended' AND c.id <> $3`, earlierID, c.UserID, c.ID)
	if err != nil {
		return nil, nil, false, err
	}
	if len(chats) == 0 || !readsAll && chats[0].ServedBy() != actor.ID {
		return nil, nil, false, ErrChatNotFound
	}
	earlier = &chats[0]
	found, hasEarlier, err = d.messagesBefore(ctx, actor, &earlier.Chat, beforeID, limit)
	return earlier, found, hasEarlier, err
}

// runningChat returns a chat that an agent may read, and whether the agent may read all earlier chats of its user.
func (d *Desk) runningChat(ctx context.Context, actor Actor, chatID string) (c *Chat, readsAll bool, err error) {
	c, err = d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, false, err
	}
	if !actor.IsAgent() {
		return nil, false, ErrChatNotFound
	}
	readsAll = actor.AtLeast(RoleSupervisor) || d.Settings().ShareHistory && c.Status == Active && actor.isParticipant(c)
	return c, readsAll, nil
}

// earlierChats reads the earlier chats of the user of a chat, newest first.
func (d *Desk) earlierChats(ctx context.Context, actor Actor, c *Chat, readsAll bool, limit int) ([]EarlierChat, error) {
	chats := []EarlierChat{}
	err := d.db.NewRaw(`SELECT c.*, a.name AS agent_name, d.name AS department_name, c.can_read,
			(SELECT left(m.content, ?5) FROM messages m WHERE c.can_read AND m.chat_id = c.id AND m.sender_type = 'user'
				AND m.withdrawn_at IS NULL AND m.content <> '' ORDER BY m.id LIMIT 1) AS first_text
		FROM (SELECT *, ?2 OR agent_id IS NOT DISTINCT FROM ?3 AS can_read FROM chats
			WHERE user_id = ?0 AND status = 'ended' AND id <> ?1 ORDER BY created_at DESC, id LIMIT ?4) c
		LEFT JOIN agents a ON a.id = c.agent_id LEFT JOIN departments d ON d.slug = c.department
		ORDER BY c.created_at DESC, c.id`, c.UserID, c.ID, readsAll, actor.ID, limit, previewLength).Scan(ctx, &chats)
	for i := range chats {
		if first := chats[i].FirstText; first != nil {
			*first = previewOf(*first)
		}
	}
	return chats, translate(err)
}

// hitsIn returns the first messages of each chat that contain a text.
func (d *Desk) hitsIn(ctx context.Context, chatIDs []string, text string) (map[string][]Hit, error) {
	hits := map[string][]Hit{}
	if len(chatIDs) == 0 {
		return hits, nil
	}
	var rows []struct {
		ID         int64      `bun:"id"`
		ChatID     string     `bun:"chat_id"`
		SenderType SenderType `bun:"sender_type"`
		Content    string     `bun:"content"`
	}
	err := d.db.NewRaw(`SELECT m.id, c.id AS chat_id, m.sender_type, m.content FROM (SELECT id FROM chats WHERE id IN (?0)) c,
		LATERAL (SELECT id, sender_type, content FROM messages WHERE chat_id = c.id AND withdrawn_at IS NULL
			AND message_type <> 'system' AND content ILIKE ?1 ORDER BY id LIMIT ?2) m ORDER BY m.id`,
		bunIn(chatIDs), "%"+likePattern(text)+"%", maxHits).Scan(ctx, &rows)
	for _, row := range rows {
		hit := Hit{MessageID: row.ID, SenderType: row.SenderType}
		hit.Before, hit.Match, hit.After = around(row.Content, text)
		hits[row.ChatID] = append(hits[row.ChatID], hit)
	}
	return hits, translate(err)
}

// aroundMatch is how many characters of a message are shown before and after a match.
const aroundMatch = 60

// around cuts what is around the first match of a text in any case: before it, the match as it is written, and after it.
// Case is folded character by character, as PostgreSQL does; without a match everything is after it.
func around(content, text string) (before, match, after string) {
	said, wanted := []rune(strings.Join(strings.Fields(content), " ")), []rune(text)
	for i := range said {
		if i+len(wanted) > len(said) {
			break
		}
		if equalFold(said[i:i+len(wanted)], wanted) {
			return cutStart(said[:i]), string(said[i : i+len(wanted)]), truncate(string(said[i+len(wanted):]), aroundMatch)
		}
	}
	return "", "", truncate(string(said), 2*aroundMatch)
}

func equalFold(a, b []rune) bool {
	for i := range a {
		if unicode.ToLower(a[i]) != unicode.ToLower(b[i]) {
			return false
		}
	}
	return true
}

// cutStart returns the end of a text that has more than aroundMatch characters, with … for the rest.
func cutStart(text []rune) string {
	if len(text) <= aroundMatch {
		return string(text)
	}
	return "…" + string(text[len(text)-aroundMatch+1:])
}
