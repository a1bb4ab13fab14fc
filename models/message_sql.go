package models

// senderQueries is how one side's messages are stored.
type senderQueries struct {
	from                      SenderType
	oneSQL, batchSQL, fileSQL string
}

// The one statement of a send: the chat's row is locked, counted up and read by the same UPDATE that decides whether the sender may speak,
// and the message takes its number under that lock. It commits by itself.
//
//	$1 chat  $2 sender  $3 content  $4 client_message_id
//
// The statement for a file takes its type besides, as $5, and is part of a transaction. The statement for many takes an array of each. It passes over chats that somebody else holds and keys that were used before.
const (
	countUp = `UPDATE chats c SET version = version + 1, last_seq = last_seq + 1, total_messages = total_messages + 1,
		last_message_at = clock_timestamp(), quiet_since = clock_timestamp(), warned_at = NULL, `
	insertSaid = `INSERT INTO messages (id, chat_id, seq, version, sender_type, sender_id, message_type, content, client_message_id, created_at) `

	setByUser  = `last_said_by = 'user', awaiting_since = coalesce(awaiting_since, clock_timestamp()), unread_by_agent = unread_by_agent + 1, user_seen_at = clock_timestamp()`
	setByAgent = `last_said_by = 'customer_service', awaiting_since = NULL, unread_by_user = unread_by_user + 1, first_response_at = coalesce(first_response_at, clock_timestamp())`
	mayUser    = `c.user_id = $2 AND c.status <> 'ended'`
	mayAgent   = `c.agent_id = $2 AND c.status = 'active'`
)

var (
	userQueries = senderQueries{FromUser, insertOneSQL(FromUser, setByUser, mayUser, `'text'`), insertBatchSQL(FromUser, setByUser, `c.user_id = s.sender_id AND c.status <> 'ended'`),
		insertOneSQL(FromUser, setByUser, mayUser, `$5::message_type`)}
	agentQueries = senderQueries{FromAgent, insertOneSQL(FromAgent, setByAgent, mayAgent, `'text'`), insertBatchSQL(FromAgent, setByAgent, `c.agent_id = s.sender_id AND c.status = 'active'`),
		insertOneSQL(FromAgent, setByAgent, mayAgent, `$5::message_type`)}
)

func insertOneSQL(from SenderType, set, may, kind string) string {
	return `WITH c AS (` + countUp + set + ` WHERE c.id = $1 AND ` + may + ` RETURNING c.*, nextval('messages_id') AS message_id),
		m AS (` + insertSaid + `SELECT c.message_id, c.id, c.last_seq, c.version, '` + string(from) + `', $2, ` + kind + `, $3, $4, c.last_message_at FROM c)
		SELECT ` + chatRow.selectList("c") + `, c.message_id FROM c`
}

func insertBatchSQL(from SenderType, set, may string) string {
	return `WITH s AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) s (chat_id, sender_id, content, key)),
		held AS (SELECT c.id FROM s JOIN chats c ON c.id = s.chat_id WHERE ` + may + `
			AND NOT EXISTS (SELECT FROM messages m WHERE m.chat_id = s.chat_id AND m.client_message_id = s.key
				AND m.sender_type = '` + string(from) + `' AND m.sender_id = s.sender_id)
			FOR UPDATE OF c SKIP LOCKED),
		c AS (` + countUp + set + ` FROM held WHERE c.id = held.id RETURNING c.*, nextval('messages_id') AS message_id),
		m AS (` + insertSaid + `SELECT c.message_id, c.id, c.last_seq, c.version, '` + string(from) + `', s.sender_id, 'text', s.content, s.key, c.last_message_at
			FROM c JOIN s ON s.chat_id = c.id)
		SELECT ` + chatRow.selectList("c") + `, c.message_id FROM c`
}

// newMessageChange is the change that a stored message made.
func (s senderQueries) newMessageChange(o *pendingMessage, chat Chat, id int64) *Change {
	return &Change{Chat: chat, Messages: []Message{{ID: id, ChatID: chat.ID, Seq: chat.LastSeq, Version: chat.Version, SenderType: s.from,
		SenderID: o.senderID, Type: Text, Content: o.content, ClientMessageID: o.key, Status: Sent, CreatedAt: *chat.LastMessageAt}}}
}
