package models

import "strings"

// storeStatements store messages.
type storeStatements struct{ one, file, batch string }

// A message is stored by one statement that commits by itself: an UPDATE locks the chat's row, decides whether the
// sender may write, counts up and returns the row, and the message takes its id under that lock.
//
//	$1 chat  $2 sender  $3 content  $4 client_message_id  $5 side, user or customer_service
//	$6 whether the sender may also write in the chats that the sender joined
//
// The statement for a file takes its message type as $7 and is part of a transaction, which adds the attachment. The
// statement for a batch takes an array of each argument, so that messages of both sides share a commit; it passes over chats that
// are locked and keys that were used before.
//
// The arrays of a batch come from subqueries, so that the estimated number of messages is the same for any arguments: PostgreSQL would plan
// small batches anew each time. OFFSET keeps the look for the key a search in its index, where PostgreSQL would read all messages
// of a table that has no statistics yet. Bounds of the chat ids, by which PostgreSQL could leave out the partitions of other months, would
// make it read all messages of each chat instead: it takes them for very selective.
//
// {sender}, {side} and {may_join} stand for these arguments.
const (
	addedMessage = `UPDATE chats c SET ` + nextVersion + `, last_seq = last_seq + 1, total_messages = total_messages + 1,
		last_message_at = clock_timestamp(), quiet_since = CASE WHEN c.channel = 'chat' THEN clock_timestamp() END, warned_at = NULL,
		last_said_by = {side}::chat_side,
		awaiting_since = CASE {side} WHEN 'user' THEN coalesce(c.awaiting_since, clock_timestamp()) END,
		unread_by_agent = c.unread_by_agent + ({side} = 'user')::int,
		unread_by_user = c.unread_by_user + ({side} <> 'user')::int,
		user_seen_at = CASE WHEN {side} = 'user' AND c.channel = 'chat' THEN clock_timestamp() ELSE c.user_seen_at END,
		first_response_at = CASE {side} WHEN 'user' THEN c.first_response_at ELSE coalesce(c.first_response_at, clock_timestamp()) END, ` +
		// A supervisor may have joined the chat of another agent, who has not opened it then.
		`opened_at = CASE WHEN {side} <> 'user' AND c.agent_id = {sender} THEN ` + openedNow + ` ELSE c.opened_at END`

	mayWrite = `CASE {side} WHEN 'user' THEN c.user_id = {sender} AND c.status <> 'ended'
		ELSE c.status = 'active' AND (c.agent_id = {sender} OR {may_join} AND {sender} = ANY(c.joined_ids)) END`
)

var (
	plainStatements = storeStatementsWith("")
	mailStatements  = storeStatementsWith(queueAnswer) // answers to messages are put into the outbox
)

// storeStatements returns those of the installation.
func (d *Desk) storeStatements() *storeStatements {
	if d.CanMail() {
		return &mailStatements
	}
	return &plainStatements
}

// storeStatementsWith returns the statements with a further part, which finds the chat's row in c.
func storeStatementsWith(more string) storeStatements {
	one := func(messageType string) string {
		from := strings.NewReplacer("{sender}", "$2", "{side}", "$5::text", "{may_join}", "$6::boolean").Replace
		return `WITH c AS (` + from(addedMessage+` WHERE c.id = $1 AND `+mayWrite) + ` RETURNING c.*, nextval('messages_id') AS message_id),
			m AS (` + insertMessages + `SELECT c.message_id, c.id, c.last_seq, c.version, $5::text::message_sender, $2, ` + messageType + `, $3, $4,
				c.last_message_at, NULL, NULL, false, NULL FROM c)` + more + `
			SELECT ` + chatRow.selectList("c") + `, c.message_id FROM c`
	}
	from := func(row, clause string) string {
		return strings.NewReplacer("{sender}", row+".sender_id", "{side}", row+".side", "{may_join}", row+".may_join").Replace(clause)
	}
	batch := `WITH s AS (SELECT * FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]), (SELECT $4::text[]),
			(SELECT $5::text[]), (SELECT $6::boolean[])) s (chat_id, sender_id, content, key, side, may_join)),
		held AS (SELECT c.id, s.sender_id, s.side FROM s JOIN chats c ON c.id = s.chat_id WHERE ` + from("s", mayWrite) + `
			AND NOT EXISTS (SELECT FROM messages m WHERE m.chat_id = s.chat_id AND m.client_message_id = s.key
				AND m.sender_type = s.side::message_sender AND m.sender_id = s.sender_id OFFSET 0)
			FOR UPDATE OF c SKIP LOCKED),
		c AS (` + from("held", addedMessage) + ` FROM held WHERE c.id = held.id RETURNING c.*, nextval('messages_id') AS message_id),
		m AS (` + insertMessages + `SELECT c.message_id, c.id, c.last_seq, c.version, s.side::message_sender, s.sender_id, 'text',
			s.content, s.key, c.last_message_at, NULL, NULL, false, NULL FROM c JOIN s ON s.chat_id = c.id)` + more + `
		SELECT ` + chatRow.selectList("c") + `, c.message_id FROM c`
	return storeStatements{one: one(`'text'`), file: one(`$7::message_type`), batch: batch}
}

// args returns the arguments of a statement for the message.
func (p *pendingMessage) args(more ...any) []any {
	return append([]any{p.chatID, p.senderID, p.content, p.key, string(p.from), p.mayJoin}, more...)
}

// change returns the change that the message made once it is stored, from the row and the id that the statement returned.
func (p *pendingMessage) change(chat Chat, id int64) *Change {
	return &Change{Chat: chat, Messages: []Message{{
		ID: id, ChatID: chat.ID, Seq: chat.LastSeq, Version: chat.Version, SenderType: p.from,
		SenderID: p.senderID, Type: Text, Content: p.content, ClientMessageID: p.key, Status: Sent, CreatedAt: *chat.LastMessageAt,
	}}}
}
