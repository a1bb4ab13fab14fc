package models

import (
	"context"
	"slices"

	"github.com/uptrace/bun/dialect/pgdialect"
)

// maxOpenSearched is how many open chats of the actor a search looks at, and maxMessagesSearched at how many messages of
// each chat, the latest ones.
const (
	maxOpenSearched     = 100
	maxMessagesSearched = 1000
)

// hasServed is the condition that the agent ?0 has had a chat of the user of the chat c, now or at any time before.
const hasServed = ` (EXISTS (SELECT FROM chats h WHERE h.user_id = c.user_id AND h.agent_id = ?0)
	OR EXISTS (SELECT FROM chat_search s WHERE s.user_id = c.user_id AND s.agents @> ARRAY[?0])) `

// endedIsReadable is the condition that the agent ?0 may read the ended chat c: one of a user the agent has served,
// or, while SHARE_HISTORY is off, one that the agent had at its end.
func (d *Desk) endedIsReadable() string {
	if d.Settings().ShareHistory {
		return hasServed
	}
	return ` (c.agent_id = ?0) `
}

// mayReadEnded reports whether an agent may read an ended chat.
func (d *Desk) mayReadEnded(ctx context.Context, actor Actor, c *Chat) (yes bool, err error) {
	err = d.db.NewRaw(`SELECT coalesce(`+d.endedIsReadable()+`, FALSE) FROM chats c WHERE c.id = ?1`, actor.ID, c.ID).Scan(ctx, &yes)
	return yes, translate(err)
}

// searchHits returns the chats of a page with their messages. A chat that was erased, or that the actor may no longer
// read, is left out.
func (d *Desk) searchHits(ctx context.Context, actor Actor, rows []searchRef, words []clause) ([]SearchHit, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ChatID
	}
	if !actor.AtLeast(RoleSupervisor) {
		var readable []string
		err := d.db.NewRaw(`SELECT c.id FROM chats c WHERE c.id IN (?1) AND `+d.endedIsReadable(), actor.ID, bunIn(ids)).
			Scan(ctx, &readable)
		if err != nil {
			return nil, translate(err)
		}
		ids = readable
	}
	return d.hitsOf(ctx, ids, words, `ORDER BY c.ended_at DESC, c.id DESC`)
}

// searchOpenChats returns the open chats of the actor that the query selects.
func (d *Desk) searchOpenChats(ctx context.Context, actor Actor, q SearchQuery, words []clause) ([]SearchHit, error) {
	var chats []searchedChat
	err := d.db.NewRaw(`SELECT c.*, u.name AS user_name, u.email AS user_email FROM chats c JOIN users u ON u.id = c.user_id
		WHERE c.agent_id = ? AND c.status = 'active' LIMIT ?`, actor.ID, maxOpenSearched).Scan(ctx, &chats)
	if err != nil || len(chats) == 0 {
		return nil, translate(err)
	}
	ids := make([]string, len(chats))
	for i := range chats {
		ids[i] = chats[i].ID
	}
	messages, err := d.latestMessages(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []string
	clauses := slices.Concat(words, q.filters())
	for i := range chats {
		c := &chats[i]
		tokens := searchDocument(c, messages[c.ID], agentsOf(&c.Chat, messages[c.ID]))
		if fulfillsAll(clauses, tokens) && len(found) < q.Limit {
			found = append(found, c.ID)
		}
	}
	return d.hitsOf(ctx, found, words, `ORDER BY c.last_message_at DESC NULLS LAST, c.id DESC`)
}

func fulfillsAll(clauses []clause, tokens map[string]bool) bool {
	for _, c := range clauses {
		if !c.fulfills(tokens) {
			return false
		}
	}
	return true
}

// latestMessages returns the last messages of chats that a search looks at, by the ids of the chats.
func (d *Desk) latestMessages(ctx context.Context, chats []string) (map[string][]searchedMessage, error) {
	var messages []searchedMessage
	err := d.db.NewRaw(`SELECT l.* FROM unnest(?::text[]) AS chat (id), LATERAL (`+selectSearched+`= chat.id ORDER BY m.id DESC LIMIT ?) l
		ORDER BY l.chat_id, l.id`, pgdialect.Array(chats), maxMessagesSearched).Scan(ctx, &messages)
	byChat := map[string][]searchedMessage{}
	for _, m := range messages {
		byChat[m.ChatID] = append(byChat[m.ChatID], m)
	}
	return byChat, translate(err)
}

// hitsOf returns chats in an order, each with the message that has most of the words.
func (d *Desk) hitsOf(ctx context.Context, ids []string, words []clause, order string) ([]SearchHit, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	chats, err := d.agentChats(ctx, `WHERE c.id = ANY($1::text[]) `+order, ids)
	if err != nil {
		return nil, err
	}
	messages, err := d.latestMessages(ctx, ids)
	if err != nil {
		return nil, err
	}
	agents, err := d.AgentsAndBots(ctx)
	if err != nil {
		return nil, err
	}
	hits := make([]SearchHit, len(chats))
	for i := range chats {
		hits[i] = SearchHit{AgentChat: chats[i], Message: bestMessage(messages[chats[i].ID], words)}
		for j := range agents {
			if agents[j].ID == chats[i].ServedBy() {
				hits[i].AgentName = agents[j].Name
			}
		}
	}
	return hits, nil
}
