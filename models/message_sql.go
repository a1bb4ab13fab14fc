package models

import "strings"

// senderQueries are the statements that store the messages of one side.
type senderQueries struct {
	from                      SenderType
	oneSQL, batchSQL, fileSQL string
}

// A message is stored by one statement that commits by itself: an UPDATE locks the chat's row, decides whether the
// sender may write, counts up and returns the row, and the message takes its id under that lock.
//
//	$1 chat  $2 sender  $3 content  $4 client_message_id
//
// The statement for a file takes its message type as $5 and is part of a transaction, which adds the attachment. The
// statement for a batch takes an array of each argument; it passes over chats that are locked and keys that were used
// before.
const (
	addedMessage = `UPDATE chats c SET ` + nextVersion + `, last_seq = last_seq + 1, total_messages = total_messages + 1,
		last_message_at = clock_timestamp(), quiet_since = CASE WHEN c.channel = 'chat' THEN clock_timestamp() END, warned_at = NULL, `

	addedByUser = `last_said_by = 'user', awaiting_since = coalesce(awaiting_since, clock_timestamp()),
		unread_by_agent = unread_by_agent + 1, user_seen_at = CASE WHEN c.channel = 'chat' THEN clock_timestamp() ELSE c.user_seen_at END`
	addedByAgent = `last_said_by = 'customer_service', awaiting_since = NULL, opened_at = ` + openedNow + `,
		unread_by_user = unread_by_user + 1, first_response_at = coalesce(first_response_at, clock_timestamp())`
	// A supervisor may have joined the chat of another agent, who has not opened it then.
	addedBySupervisor = `last_said_by = 'customer_service', awaiting_since = NULL,
		opened_at = CASE WHEN c.agent_id = {sender} THEN ` + openedNow + ` ELSE c.opened_at END,
		unread_by_user = unread_by_user + 1, first_response_at = coalesce(first_response_at, clock_timestamp())`
)

var (
	userQueries       = queriesOf(FromUser, addedByUser, `c.user_id = {sender}`, `c.status <> 'ended'`)
	agentQueries      = queriesOf(FromAgent, addedByAgent, `c.agent_id = {sender}`, `c.status = 'active'`)
	supervisorQueries = queriesOf(FromAgent, addedBySupervisor,
		`(c.agent_id = {sender} OR {sender} = ANY(c.joined_ids))`, `c.status = 'active'`)
	// With mail, answers to messages are put into the outbox.
	agentMailQueries      = agentQueries.with(queueAnswer)
	supervisorMailQueries = supervisorQueries.with(queueAnswer)
)

// queriesOf builds the statements of a side: set is what its messages change of the chat besides, mayWrite the condition on
// the sender, and while the state in which it may write. {sender} stands for the id of the sender.
func queriesOf(from SenderType, set, mayWrite, while string) senderQueries {
	by := func(clause, sender string) string { return strings.ReplaceAll(clause, "{sender}", sender) }
	one := func(messageType string) string {
		return `WITH c AS (` + addedMessage + by(set, "$2") + ` WHERE c.id = $1 AND ` + by(mayWrite, "$2") + ` AND ` + while + `
				RETURNING c.*, nextval('messages_id') AS message_id),
			m AS (` + insertMessages + `SELECT c.message_id, c.id, c.last_seq, c.version, '` + string(from) + `', $2, ` + messageType + `, $3, $4,
				c.last_message_at, NULL, NULL, false, NULL FROM c)` + endOfStatement + chatRow.selectList("c") + `, c.message_id FROM c`
	}
	batch := `WITH s AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) s (chat_id, sender_id, content, key)),
		held AS (SELECT c.id, s.sender_id FROM s JOIN chats c ON c.id = s.chat_id WHERE ` + by(mayWrite, "s.sender_id") + ` AND ` + while + `
			AND NOT EXISTS (SELECT FROM messages m WHERE m.chat_id = s.chat_id AND m.client_message_id = s.key
				AND m.sender_type = '` + string(from) + `' AND m.sender_id = s.sender_id)
			FOR UPDATE OF c SKIP LOCKED),
		c AS (` + addedMessage + by(set, "held.sender_id") + ` FROM held WHERE c.id = held.id RETURNING c.*, nextval('messages_id') AS message_id),
		m AS (` + insertMessages + `SELECT c.message_id, c.id, c.last_seq, c.version, '` + string(from) + `', s.sender_id, 'text',
			s.content, s.key, c.last_message_at, NULL, NULL, false, NULL FROM c JOIN s ON s.chat_id = c.id)` + endOfStatement + chatRow.selectList("c") + `, c.message_id FROM c`
	return senderQueries{from: from, oneSQL: one(`'text'`), batchSQL: batch, fileSQL: one(`$5::message_type`)}
}

// with returns the statements with a further part, which finds the chat's row in c.
func (s senderQueries) with(part string) senderQueries {
	for _, statement := range []*string{&s.oneSQL, &s.batchSQL, &s.fileSQL} {
		end := strings.LastIndex(*statement, endOfStatement)
		*statement = (*statement)[:end] + part + (*statement)[end:]
	}
	return s
}

// endOfStatement is where the parts of a statement end and its SELECT begins.
const endOfStatement = `
		SELECT `

// newMessageChange returns the change that a stored message made, from the row and the id that its statement returned.
func (s senderQueries) newMessageChange(p *pendingMessage, chat Chat, id int64) *Change {
	return &Change{Chat: chat, Messages: []Message{{
		ID: id, ChatID: chat.ID, Seq: chat.LastSeq, Version: chat.Version, SenderType: s.from,
		SenderID: p.senderID, Type: Text, Content: p.content, ClientMessageID: p.key, Status: Sent, CreatedAt: *chat.LastMessageAt,
	}}}
}
