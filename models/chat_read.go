package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ChatFilter chooses among an agent's chats.
type ChatFilter struct {
	Status Status    // "" for active, then ended
	Limit  int       // 1 to 200; 0 for 50
	Before time.Time // ended chats that ended before; zero for all
}

// previewLength is how many code points of the last message are read for a list.
const previewLength = 200

var selectAgentChats = `SELECT ` + chatRow.selectList("c") + `,
		coalesce(u.name, ''), u.avatar, u.email, u.is_verified, u.locale, u.attributes,
		l.content, l.sender_type, coalesce(l.sender_id, ''),
		coalesce(l.message_type::text, ''), coalesce(l.id, 0), l.withdrawn_at IS NOT NULL
	FROM chats c JOIN users u ON u.id = c.user_id
	LEFT JOIN LATERAL (SELECT id, left(content, 200) AS content, sender_type, sender_id, message_type, withdrawn_at FROM messages m
		WHERE m.chat_id = c.id AND m.message_type NOT IN ('system', 'note') ORDER BY m.id DESC LIMIT 1) l ON true `

var (
	selectChats = `SELECT ` + chatRow.selectList("c") + ` FROM chats c `
	selectChat  = selectChats + `WHERE c.id = $1`
)

// agentChats reads chats c as agents see them. rest is the statement from WHERE on, with $1 for the first of args.
func (d *Desk) agentChats(ctx context.Context, rest string, args ...any) ([]AgentChat, error) {
	chats := []AgentChat{}
	err := d.queryPreparedRows(ctx, selectAgentChats+rest, args, func(rows pgx.Rows) error {
		var c AgentChat
		var u UserCard
		err := rows.Scan(chatRow.scanTargets(&c.Chat, &u.Name, &u.Avatar, &u.Email, &u.IsVerified, &u.Locale, &u.Attributes,
			&c.LastContent, &c.LastSender, &c.LastSenderID, &c.LastType, &c.LastID, &c.LastIsWithdrawn)...)
		if c.LastContent != nil {
			*c.LastContent = previewOf(*c.LastContent)
		}
		c.SetUser(u)
		chats = append(chats, c)
		return err
	})
	return chats, translate(err)
}

// chats reads chats c. rest is the statement from WHERE on, with $1 for the first of args.
func (d *Desk) chats(ctx context.Context, rest string, args ...any) ([]Chat, error) {
	chats := []Chat{}
	err := d.queryPreparedRows(ctx, selectChats+rest, args, func(rows pgx.Rows) error {
		var c Chat
		err := rows.Scan(chatRow.scanTargets(&c)...)
		chats = append(chats, c)
		return err
	})
	return chats, translate(err)
}

// Chat returns one chat with its user, to its participants and to supervisors. With SHARE_HISTORY it returns an ended one
// also to agents, but not to bots, who have had a chat of the same user. A chat that does not exist or that the actor may not know of is
// 404 chat_not_found.
func (d *Desk) Chat(ctx context.Context, actor Actor, chatID string) (*AgentChat, error) {
	chats, err := d.agentChats(ctx, `WHERE c.id = $1`, chatID)
	if err != nil {
		return nil, err
	}
	if len(chats) == 0 {
		return nil, ErrChatNotFound
	}
	c := &chats[0]
	if err := d.checkReadable(ctx, actor, &c.Chat); err != nil {
		return nil, err
	}
	return c, nil
}

// readableChat is Chat without the user and the last message.
func (d *Desk) readableChat(ctx context.Context, actor Actor, chatID string) (*Chat, error) {
	c := new(Chat)
	err := d.queryPrepared(ctx, selectChat, []any{chatID}, chatRow.scanTargets(c)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrChatNotFound
	}
	if err != nil {
		return nil, translate(err)
	}
	if err := d.checkReadable(ctx, actor, c); err != nil {
		return nil, err
	}
	return c, nil
}

// checkReadable refuses an actor as Chat does.
func (d *Desk) checkReadable(ctx context.Context, actor Actor, c *Chat) error {
	refusal := actor.checkCanRead(c)
	if refusal == nil || !actor.IsAgent() || actor.IsBot || c.Status != Ended {
		return refusal
	}
	readable, err := d.mayReadEnded(ctx, actor, c)
	if readable {
		return nil
	}
	return cmp.Or(err, refusal)
}

// ChatsOfUser returns the user's chats, newest first, at most 200.
func (d *Desk) ChatsOfUser(ctx context.Context, userID string) ([]Chat, error) {
	chats := []Chat{}
	err := d.db.NewRaw(`SELECT * FROM chats WHERE user_id = ? ORDER BY created_at DESC LIMIT 200`, userID).Scan(ctx, &chats)
	return chats, translate(err)
}

// ChatsWithUser returns the chats of a user, newest first, at most 20, to supervisors and to agents who serve the user
// now or have served the user before. To all others it is 404 user_not_found.
func (d *Desk) ChatsWithUser(ctx context.Context, actor Actor, userID string) ([]AgentChat, error) {
	if !actor.AtLeast(RoleSupervisor) {
		var serves bool
		err := d.db.NewRaw(`SELECT EXISTS (SELECT FROM chats WHERE user_id = ? AND agent_id = ?)`, userID, actor.ID).Scan(ctx, &serves)
		if err != nil {
			return nil, translate(err)
		}
		if !actor.IsAgent() || !serves {
			return nil, notFound("user_not_found", "This user does not exist or is not yours.")
		}
	}
	return d.agentChats(ctx, `WHERE c.user_id = $1 ORDER BY c.created_at DESC LIMIT 20`, userID)
}

// ChatsOfAgent returns an agent's chats: the active ones by their last message, newest first, then the ended ones,
// newest first. A limit outside 1 to 200 or another status than active and ended is validation_failed.
func (d *Desk) ChatsOfAgent(ctx context.Context, agentID string, f ChatFilter) ([]AgentChat, error) {
	limit, err := limitOrDefault(f.Limit, MaxLimit)
	if err != nil {
		return nil, err
	}
	f.Limit = limit
	if f.Status != "" && f.Status != Active && f.Status != Ended {
		return nil, invalid("status", fieldUnknown, "status must be active or ended.")
	}
	chats := []AgentChat{}
	if f.Status != Ended && f.Before.IsZero() {
		chats, err = d.agentChats(ctx, `WHERE c.agent_id = $1 AND c.status = 'active'
			ORDER BY coalesce(c.last_message_at, c.assigned_at) DESC, c.id LIMIT $2`, agentID, f.Limit)
		if err != nil {
			return nil, err
		}
	}
	if f.Status != Active && len(chats) < f.Limit {
		before := f.Before
		if before.IsZero() {
			before = time.Now().AddDate(1, 0, 0) // after every end, even if PostgreSQL's clock is ahead
		}
		ended, err := d.agentChats(ctx, `WHERE c.agent_id = $1 AND c.status = 'ended' AND c.ended_at < $2
			ORDER BY c.ended_at DESC, c.id LIMIT $3`, agentID, before, f.Limit-len(chats))
		if err != nil {
			return nil, err
		}
		chats = append(chats, ended...)
	}
	return chats, nil
}

// lockChat takes the chat's row lock, reads the clock and returns the chat, or chat_not_found. Every decision about a
// chat is made on a row that is read under its lock.
func lockChat(ctx context.Context, t *tx, chatID string) (*Chat, error) {
	c := new(Chat)
	err := t.queryPrepared(ctx, selectChat+` FOR UPDATE`, []any{chatID}, chatRow.scanTargets(c)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrChatNotFound
	}
	if err != nil {
		return nil, err
	}
	t.locked = append(t.locked, chatVersionOf(c))
	return c, t.tick(ctx)
}
