package models

import (
	"context"
	"database/sql"
	"errors"
)

// maxMessageID is greater than every id of a message.
const maxMessageID = 1 << 62

// Confirm marks the messages of the other side up to and including an id as delivered to, or read by, the actor, and
// returns how many changed. Confirming again changes none. A chat that the actor may not know of is 404 chat_not_found;
// a supervisor who is not part of it gets 403 not_in_chat; another status is validation_failed.
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

// ConfirmOne is Confirm for one message. A message of the actor's own side is 403 own_message, one that the chat does
// not have, or a note to a user, 404 message_not_found.
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
		return ErrMessageNotFound
	case err != nil:
		return translate(err)
	case side == actor.senderType():
		return forbidden("own_message", "Only the receiver can confirm a message.")
	}
	return nil
}

// checkCanConfirm returns the refusal for an actor who is not part of the chat; an ended one may be confirmed. It is
// called after a confirmation that changed nothing: it may be the retry of one whose event was lost, so the chat's
// version is announced. That is durable: the statement has locked the chat, so its commit waited for a standby.
func (d *Desk) checkCanConfirm(ctx context.Context, actor Actor, chatID string) error {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return err
	}
	if err := actor.checkCanWrite(c); err != nil {
		return err
	}
	d.announceVersions(chatVersionOf(c))
	return nil
}

// statusesBelow are the statuses that a message may have before it gets the one of the key.
var statusesBelow = map[MessageStatus][]string{Delivered: {"sent"}, Read: {"sent", "delivered"}}

// A confirmation is one statement that commits by itself. It locks the chat's row before it changes messages, so that a
// status change has its place among the chat's versions; where nothing changes the chat gets no new version. Besides
// the chat it returns the ids that changed, the time, and up to which id every message of that side has the status now. The messages are
// found by $1 rather than by a join, so that PostgreSQL leaves out the partitions of other months before it prepares to read them.
//
//	$1 chat  $2 who confirms  $3 status  $4 side that wrote  $5 statuses below  $6 after this id  $7 up to this id
const (
	confirmHead = `WITH chat AS (SELECT id FROM chats WHERE id = $1 AND `
	confirmTail = ` = $2 FOR UPDATE),
		changed AS (UPDATE messages m SET status = $3::message_status, delivered_at = coalesce(m.delivered_at, clock_timestamp()),
				read_at = CASE WHEN $3 = 'read' THEN clock_timestamp() END
			WHERE m.chat_id = $1 AND EXISTS (SELECT FROM chat) AND m.id > $6 AND m.id <= $7 AND m.sender_type = $4
				AND m.message_type <> 'note' AND m.status::text = ANY($5::text[])
			RETURNING m.id),
		counted AS (SELECT count(*) AS n, array_agg(id ORDER BY id) AS ids, clock_timestamp() AS at,
				coalesce((SELECT min(m.id) - 1 FROM messages m WHERE m.chat_id = $1 AND m.id <= $6 AND m.sender_type = $4
					AND m.message_type <> 'note' AND m.status::text = ANY($5::text[])), max(id)) AS covered FROM changed),
		c AS (UPDATE chats c SET ` + nextVersion + `,
				opened_at = CASE WHEN $3 = 'read' AND $4 = 'user' THEN ` + openedNow + ` ELSE c.opened_at END,
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

// confirm raises the other side's messages with after < id ≤ upTo to a status, stores each step, publishes the change
// and returns how many changed. It returns 0 also for an actor who may not confirm.
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
	err := d.queryPrepared(ctx, statement, []any{chatID, actor.ID, status, other, below, after, upTo},
		chatRow.scanTargets(&chat, &step.IDs, &step.At, &step.UpTo)...)
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
