package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Data that would take hours to create through the public endpoints is written directly to the tables: users, agents, sessions, and chats
// in a state that the program could have produced. Triggers are disabled for speed; TestSeedsAreValid runs the same statements with them.

// seed runs statements on a database with triggers disabled, then analyses its tables and makes a checkpoint.
func (b *bench) seed(ctx context.Context, database string, statements ...string) error {
	conn, err := pgx.Connect(ctx, b.databaseURL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, s := range append(append([]string{"SET session_replication_role = replica", "SET synchronous_commit = off"}, statements...),
		"VACUUM (ANALYZE)", "CHECKPOINT") {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("seed: %w in %.200s", err, s)
		}
	}
	return nil
}

// seeded creates a database with the schema, runs the statements on it, and returns its name.
func (b *bench) seeded(ctx context.Context, statements ...string) (string, error) {
	database, err := b.newDatabase(ctx, template)
	if err != nil {
		return "", err
	}
	return database, b.seed(ctx, database, statements...)
}

func userToken(n int) string  { return fmt.Sprintf("token-of-user-%d", n) }
func agentToken(n int) string { return fmt.Sprintf("token-of-agent-%d", n) }

// userTokens returns the session tokens of users 1 to n.
func userTokens(n int) []string {
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = userToken(i + 1)
	}
	return tokens
}

// users returns a statement that inserts the users u1 to un with a session each.
func users(n int) string {
	return fmt.Sprintf(`WITH made AS (INSERT INTO users (id, name) SELECT 'u' || n, 'User ' || n FROM generate_series(1, %d) n)
		INSERT INTO sessions (token_hash, user_id, expires_at) SELECT sha256(convert_to('token-of-user-' || n, 'UTF8')), 'u' || n, now() + interval '1 day'
		FROM generate_series(1, %[1]d) n`, n)
}

// agents returns a statement that inserts the online agents a1 to an with a session, a capacity and a number of current chats each.
func agents(n, capacity, load int) string {
	return fmt.Sprintf(`WITH made AS (INSERT INTO agents (id, email, name, role, password_hash, max_concurrent, load, choice)
			SELECT 'a' || n, 'agent' || n || '@example.com', 'Agent ' || n, 'agent', 'none', %d, %d, 'online' FROM generate_series(1, %d) n)
		INSERT INTO sessions (token_hash, agent_id, expires_at) SELECT sha256(convert_to('token-of-agent-' || n, 'UTF8')), 'a' || n, now() + interval '1 day'
		FROM generate_series(1, %[3]d) n`, capacity, load, n)
}

// activeChats returns a statement that inserts active chats of consecutive users, starting with number first, with agents a1 to an in turn.
// Each chat has a number of messages, from user and agent in turn.
func activeChats(first, chats, agents, messages int) string { //nolint:unparam // the same parameters as waitingChats
	return fmt.Sprintf(
		`WITH made AS (INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at,
				version, last_seq, total_messages, last_message_at, quiet_since, last_said_by, first_response_at)
			SELECT 'c' || n, 'u' || n, 'a' || n %% %d + 1, 'active', now() - n * interval '1 ms', now(), now() - n * interval '1 ms', now(), now(),
				%d, %[2]d, %[2]d, now(), now(), 'customer_service', now() FROM generate_series(%d, %d) n RETURNING id, user_id, agent_id),
			due AS (INSERT INTO chat_due (chat_id, due_at) SELECT id, now() FROM made ON CONFLICT DO NOTHING)
		INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
		SELECT id, s, s, CASE s %% 2 WHEN 1 THEN 'user'::message_sender ELSE 'customer_service' END, CASE s %% 2 WHEN 1 THEN user_id ELSE agent_id END, 'text',
			%s, now() - (%[2]d - s) * interval '10 s' FROM made, generate_series(1, %[2]d) s`,
		agents,
		messages,
		first,
		first+chats-1,
		pgQuote(messageText),
	)
}

// waitingChats returns a statement that inserts waiting chats of consecutive users, starting with number first, queued 10 ms apart.
func waitingChats(first, chats int) string {
	return fmt.Sprintf(`WITH made AS (INSERT INTO chats (id, user_id, status, version, queued_at, user_seen_at, created_at)
			SELECT 'c' || n, 'u' || n, 'waiting', 1, now() - (%d - n) * interval '10 ms', now(), now() FROM generate_series(%d, %[1]d) n RETURNING id)
		INSERT INTO chat_due (chat_id, due_at) SELECT id, now() FROM made ON CONFLICT DO NOTHING`, first+chats-1, first)
}

func pgQuote(text string) string { return "'" + text + "'" } // the text contains no quote

// noTimeouts are settings under which no chat or presence times out during a measurement.
var noTimeouts = []string{"IDLE_WARNING=12h", "IDLE_TIMEOUT=24h", "PRESENCE_TIMEOUT=1h", "QUEUE_GRACE=12h"}
