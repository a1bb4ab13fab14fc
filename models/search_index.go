package models

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// searchBatch is how many chats one transaction prepares for searches. Changes of these chats wait for it.
const searchBatch = 25

// indexPeriod is how long one call of IndexChats works at most, so that a large backlog leaves PostgreSQL time for others.
const indexPeriod = 5 * time.Second

// IndexChats prepares ended chats for searches, and again those that have changed since, the latest ones first. It
// returns how many it has done. It stops after 5 s and then returns with work left for the next call; of several calls
// at once, on any number of machines, one works and the others return at once.
func (d *Desk) IndexChats(ctx context.Context) (int, error) {
	done := 0
	for until := time.Now().Add(indexPeriod); time.Now().Before(until); {
		n, err := d.indexBatch(ctx)
		if done += n; err != nil || n < searchBatch {
			return done, err
		}
	}
	return done, nil
}

// searchRow is a row of chat_search.
type searchRow struct {
	ChatID  string    `json:"chat_id"`
	UserID  string    `json:"user_id"`
	EndedAt time.Time `json:"ended_at"`
	Agents  []string  `json:"agents"`
	Readers []string  `json:"readers"`
	Words   []string  `json:"words"`
}

// indexBatch prepares one batch of chats and returns how many due rows it took.
func (d *Desk) indexBatch(ctx context.Context) (int, error) {
	taken := 0
	if isDue, err := d.isAny(ctx, `SELECT FROM chat_search_due`); err != nil || !isDue {
		return 0, err
	}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		taken = 0
		// One at a time: what is read here is then never older than what is stored.
		var isFree bool
		if err := t.NewRaw(`SELECT pg_try_advisory_xact_lock(?)`, searchLock).Scan(ctx, &isFree); err != nil || !isFree {
			return err
		}
		var due []string
		err := t.NewRaw(`DELETE FROM chat_search_due WHERE id IN (SELECT id FROM chat_search_due ORDER BY id DESC LIMIT ?)
			RETURNING chat_id`, searchBatch).Scan(ctx, &due)
		if taken = len(due); err != nil || taken == 0 {
			return err
		}
		// The lock keeps a deletion waiting, and is the one that the foreign key takes anyway.
		var chats []searchedChat
		err = t.NewRaw(`SELECT c.*, u.name AS user_name, u.email AS user_email FROM chats c JOIN users u ON u.id = c.user_id
			WHERE c.id IN (?) AND c.status = 'ended' ORDER BY c.id FOR KEY SHARE OF c`, bunIn(due)).Scan(ctx, &chats)
		if err != nil || len(chats) == 0 {
			return err
		}
		rows, err := t.searchRows(ctx, chats)
		if err != nil {
			return err
		}
		return t.storeSearchRows(ctx, rows)
	})
	return taken, err
}

// searchRows returns what is stored for ended chats.
func (t *tx) searchRows(ctx context.Context, chats []searchedChat) ([]searchRow, error) {
	ids, users := make([]string, len(chats)), make([]string, len(chats))
	for i := range chats {
		ids[i], users[i] = chats[i].ID, chats[i].UserID
	}
	messages, err := searchedMessages(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]searchRow, len(chats))
	readers, err := t.readersOf(ctx, users)
	if err != nil {
		return nil, err
	}
	for i := range chats {
		c := &chats[i]
		agents := agentsOf(&c.Chat, messages[c.ID])
		for _, a := range agents {
			readers[c.UserID][a] = true
		}
		rows[i] = searchRow{ChatID: c.ID, UserID: c.UserID, EndedAt: *c.EndedAt, Agents: agents}
	}
	for i := range chats {
		c, r := &chats[i], &rows[i]
		tokens := searchDocument(c, messages[c.ID], r.Agents)
		r.Readers = sortedKeys(readers[c.UserID])
		for _, a := range r.Readers {
			tokens[markReader+a] = true
		}
		r.Words = sortedKeys(tokens)
	}
	return rows, nil
}

// searchedMessages returns the messages of chats by the ids of the chats.
func searchedMessages(ctx context.Context, q rawQuerier, chats []string) (map[string][]searchedMessage, error) {
	var messages []searchedMessage
	err := q.NewRaw(selectSearched+`IN (?) ORDER BY m.chat_id, m.id`, bunIn(chats)).Scan(ctx, &messages)
	byChat := map[string][]searchedMessage{}
	for _, m := range messages {
		byChat[m.ChatID] = append(byChat[m.ChatID], m)
	}
	return byChat, err
}

// readersOf returns the agents who have had a chat of users, by the ids of the users.
func (t *tx) readersOf(ctx context.Context, users []string) (map[string]map[string]bool, error) {
	readers := map[string]map[string]bool{}
	for _, u := range users {
		readers[u] = map[string]bool{}
	}
	var found []struct {
		UserID  string `bun:"user_id"`
		AgentID string `bun:"agent_id"`
	}
	err := t.NewRaw(`SELECT user_id, agent_id FROM chats WHERE user_id IN (?0) AND agent_id IS NOT NULL
		UNION SELECT user_id, unnest(agents) FROM chat_search WHERE user_id IN (?0)`, bunIn(users)).Scan(ctx, &found)
	for _, f := range found {
		readers[f.UserID][f.AgentID] = true
	}
	return readers, err
}

// storeSearchRows stores rows, and has those of other chats of the same users made again that lack a reader.
func (t *tx) storeSearchRows(ctx context.Context, rows []searchRow) error {
	slices.SortFunc(rows, func(a, b searchRow) int { return a.EndedAt.Compare(b.EndedAt) }) // chats that ended together are found together
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	const given = `json_to_recordset(?::json)
		AS r (chat_id text, user_id text, ended_at timestamptz, agents text[], readers text[], words text[])`
	_, err = t.NewRaw(`INSERT INTO chat_search AS s (chat_id, user_id, ended_at, agents, readers, words)
		SELECT r.chat_id, r.user_id, r.ended_at, r.agents, r.readers, array_to_tsvector(r.words) FROM `+given+`
		ON CONFLICT (chat_id) DO UPDATE SET user_id = EXCLUDED.user_id, ended_at = EXCLUDED.ended_at, agents = EXCLUDED.agents,
			readers = EXCLUDED.readers, words = EXCLUDED.words
		WHERE s.user_id <> EXCLUDED.user_id OR s.agents <> EXCLUDED.agents OR s.readers <> EXCLUDED.readers OR s.words <> EXCLUDED.words`,
		string(list)).Exec(ctx)
	if err != nil {
		return err
	}
	_, err = t.NewRaw(`INSERT INTO chat_search_due (chat_id) SELECT DISTINCT s.chat_id FROM `+given+`
		JOIN chat_search s ON s.user_id = r.user_id WHERE NOT s.readers @> r.readers`, string(list)).Exec(ctx)
	return err
}
