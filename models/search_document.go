package models

import "slices"

// searchedChat is a chat with what it is found by.
type searchedChat struct {
	Chat `bun:",extend"`

	UserName  *string `bun:"user_name"`
	UserEmail *string `bun:"user_email"`
}

// searchedMessage is what a search reads of a message.
type searchedMessage struct {
	ID         int64             `bun:"id"`
	ChatID     string            `bun:"chat_id"`
	SenderType SenderType        `bun:"sender_type"`
	SenderID   string            `bun:"sender_id"`
	Type       MessageType       `bun:"message_type"`
	Content    string            `bun:"content"`
	SystemArgs map[string]string `bun:"system_args,type:jsonb"`
}

// selectSearched reads the messages m of chats that a search looks at, without those that were withdrawn.
const selectSearched = `SELECT m.id, m.chat_id, m.sender_type, m.sender_id, m.message_type, m.content, m.system_args FROM messages m
	WHERE m.withdrawn_at IS NULL AND m.chat_id `

// maxDocumentBytes is how much of the words of a chat is searched. A tsvector holds 1 MiB, with a few bytes more for each word.
const maxDocumentBytes = 600_000

// agentsOf returns the ids of the agents who have had a chat: who has it, who wrote in it and, since Parley records them,
// who was given it.
func agentsOf(c *Chat, messages []searchedMessage) []string {
	ids := map[string]bool{c.ServedBy(): true}
	for i := range messages {
		m := &messages[i]
		switch {
		case m.SenderType == FromAgent && m.Type != Note: // a note may be a supervisor's who transferred the chat
			ids[m.SenderID] = true
		case m.SenderType == FromSystem:
			ids[m.SystemArgs[systemAgentID]] = true
		}
	}
	delete(ids, "")
	return sortedKeys(ids)
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// searchDocument returns the tokens of a chat: its words, and the marks of the filters. Of a chat that is too long the
// later messages are left out.
func searchDocument(c *searchedChat, messages []searchedMessage, agents []string) map[string]bool {
	tokens := map[string]bool{markUser + c.UserID: true}
	for _, a := range agents {
		tokens[markAgent+a] = true
	}
	if c.EndedAt != nil {
		for _, mark := range dayMarks(dayOf(*c.EndedAt)) {
			tokens[mark] = true
		}
	}
	if c.Department != nil {
		tokens[markDepartment+*c.Department] = true
	}
	if c.Rating != nil {
		tokens[ratingMark(*c.Rating)] = true
	}
	if c.Outcome != nil {
		tokens[markOutcome+foldText(*c.Outcome)] = true
	}
	for _, tag := range c.Tags {
		tokens[markTag+foldText(tag)] = true
	}
	size := 0
	add := func(text string) {
		for _, t := range tokensOf(text) {
			if !tokens[t.text] && size < maxDocumentBytes {
				size += len(t.text) + 4
				tokens[t.text] = true
			}
		}
	}
	fields := []string{deref(c.UserName), deref(c.UserEmail), deref(c.Outcome), deref(c.EndComment), deref(c.RatingComment)}
	for _, text := range append(fields, c.Tags...) {
		add(text)
	}
	for i := range messages {
		if messages[i].Type == Image || messages[i].Type == File {
			tokens[markFiles] = true
		}
		add(messages[i].Content)
	}
	return tokens
}
