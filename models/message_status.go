package models

import (
	"context"
	"database/sql"
	"errors"
)

// maxMessageID is an id that no message reaches.
const maxMessageID = 1 << 62

// Confirm says that messages of the other side, up to and with an id, were delivered to or read by the actor. It returns how many
// changed; saying it again changes none. Only the two who talk may confirm: a supervisor gets 403 not_in_chat.
func (d *Desk) Confirm(ctx context.Context, actor Actor, chatID string, upTo int64, status MessageStatus) (int, error) {
	marked, err := d.confirm(ctx, actor, chatID, status, 0, upTo)
	if err != nil || marked > 0 {
		return marked, err
	}
	return 0, d.checkCanConfirm(ctx, actor, chatID)
}

// ConfirmAll is Confirm for every message of the other side.
func (d *Desk) ConfirmAll(ctx context.Context, actor Actor, chatID string, status MessageStatus) (int, error) {
	return d.Confirm(ctx, actor, chatID, maxMessageID, status)
}

// ConfirmOne is Confirm for one message. One's own is 403 own_message, one that the chat does not have 404 message_not_found.
func (d *Desk) ConfirmOne(ctx context.Context, actor Actor, chatID string, messageID int64, status MessageStatus) error {
	marked, err := d.confirm(ctx, actor, chatID, status, messageID-1, messageID)
	if err != nil || marked > 0 {
		return err
	}
	if err := d.checkCanConfirm(ctx, actor, chatID); err != nil {
		return err
	}
	var side SenderType
	err = d.db.NewRaw(`SELECT sender_type FROM messages WHERE chat_id = ? AND id = ? AND (? OR message_type <> 'note')`,
		chatID, messageID, actor.IsAgent()).Scan(ctx, &side)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return notFound("message_not_found", "This message does not exist in this chat.")
	case err != nil:
		return translate(err)
	case side == actor.senderType():
		return forbidden("own_message", "Only the receiver can confirm a message.")
	}
	return nil
}

// checkCanConfirm refuses whoever is not one of the two who talk, in a chat ended or not. It is asked when a confirmation changed nothing: what the first
// one changed may have been announced to nobody.
func (d *Desk) checkCanConfirm(ctx context.Context, actor Actor, chatID string) error {
	c, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return err
	}
	if err := actor.checkCanWrite(&c.Chat); err != nil {
		return err
	}
	d.announceVersions(chatVersionOf(&c.Chat))
	return nil
}

// statusesBelow are the statuses from which a message may go to the key.
var statusesBelow = map[MessageStatus][]string{Delivered: {"sent"}, Read: {"sent", "delivered"}}

// The one statement of a confirmation. The chat's row is locked before its messages change, so that a status step has its place among the changes of
// the chat; where nothing changes the chat gets no new version. It commits by itself.
//
//	$1 chat  $2 who confirms  $3 status  $4 side that wrote  $5 statuses below  $6 after this id  $7 up to this id
const (
	confirmHead = `WITH chat AS (SELECT id FROM chats WHERE id = $1 AND `
	confirmTail = ` = $2 FOR UPDATE),
		changed AS (UPDATE messages m SET status = $3::message_status, delivered_at = coalesce(m.delivered_at, clock_timestamp()),
				read_at = CASE WHEN $3 = 'read' THEN clock_timestamp() END
			FROM chat WHERE m.chat_id = chat.id AND m.id > $6 AND m.id <= $7 AND m.sender_type = $4 AND m.message_type <> 'note' AND m.status::text = ANY($5::text[])
			RETURNING m.id),
		counted AS (SELECT count(*) AS n, array_agg(id ORDER BY id) AS ids, clock_timestamp() AS at,
				coalesce((SELECT min(m.id) - 1 FROM messages m WHERE m.chat_id = $1 AND m.id <= $6 AND m.sender_type = $4
					AND m.message_type <> 'note' AND m.status::text = ANY($5::text[])), max(id)) AS covered FROM changed),
		c AS (UPDATE chats c SET version = version + 1,
				unread_by_agent = CASE WHEN $3 = 'read' AND $4 = 'user' THEN greatest(0, unread_by_agent - n) ELSE unread_by_agent END,
				unread_by_user = CASE WHEN $3 = 'read' AND $4 = 'customer_service' THEN greatest(0, unread_by_user - n) ELSE unread_by_user END
			FROM counted WHERE c.id = $1 AND n > 0 RETURNING c.*, counted.ids, counted.at, counted.covered),
		logged AS (INSERT INTO message_status_changes (chat_id, message_id, status, version, changed_at)
			SELECT c.id, changed.id, $3::message_status, c.version, c.at FROM changed, c)
		SELECT `
)

var (
	confirmAsUser  = confirmHead + `user_id` + confirmTail + chatRow.selectList("c") + `, c.ids, c.at, c.covered FROM c`
	confirmAsAgent = confirmHead + `agent_id` + confirmTail + chatRow.selectList("c") + `, c.ids, c.at, c.covered FROM c`
)

// confirm raises the other side's messages with after < id ≤ upTo to a status, logs each step and tells both sides. It returns how many changed.
func (d *Desk) confirm(ctx context.Context, actor Actor, chatID string, status MessageStatus, after, upTo int64) (int, error) {
	below := statusesBelow[status]
	if below == nil {
		return 0, invalid("status", fieldUnknown, "status must be delivered or read.")
	}
	statement, other := confirmAsUser, FromAgent
	if actor.IsAgent() {
		statement, other = confirmAsAgent, FromUser
	}
	var chat Chat
	step := StatusChange{Status: status, SenderType: other}
	err := d.queryPrepared(ctx, statement, []any{chatID, actor.ID, status, other, below, after, upTo}, chatRow.scanTargets(&chat, &step.IDs, &step.At, &step.UpTo)...)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		d.uncertain.addChats(err, chatID)
		return 0, translate(err)
	}
	step.Version = chat.Version
	d.publish([]Event{{Kind: KindChange, Change: &Change{Chat: chat, Statuses: []StatusChange{step}}}})
	return len(step.IDs), nil
}
