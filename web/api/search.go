package api

import "parley/models"

// SearchPage is a page of chats that a search has found.
type SearchPage struct {
	Hits       []SearchHit `json:"hits"`
	NextCursor *string     `json:"next_cursor"`
}

// SearchHit is one of these chats, with the message that the words are in.
type SearchHit struct {
	Chat        AgentChat      `json:"chat"`
	ServiceName string         `json:"service_name"`
	Message     *SearchMessage `json:"message"`
}

// SearchMessage is a message with the text around the words.
type SearchMessage struct {
	ID          int64         `json:"id"`
	SenderType  string        `json:"sender_type"`
	MessageType string        `json:"message_type"`
	Parts       []SnippetPart `json:"parts"`
}

// SnippetPart is a piece of that text.
type SnippetPart struct {
	Text    string  `json:"text"`
	IsMatch IntBool `json:"is_match"`
}

// SearchPageOf is the body of a search result.
func SearchPageOf(r *models.SearchResult) SearchPage {
	page := SearchPage{Hits: Map(r.Hits, searchHitOf)}
	if r.Next != "" {
		page.NextCursor = &r.Next
	}
	return page
}

func searchHitOf(h *models.SearchHit) SearchHit {
	hit := SearchHit{Chat: AgentChatOf(&h.AgentChat), ServiceName: h.AgentName}
	if m := h.Message; m != nil {
		hit.Message = &SearchMessage{ID: m.ID, SenderType: string(m.SenderType), MessageType: string(m.Type), Parts: []SnippetPart{}}
		for _, p := range m.Parts {
			hit.Message.Parts = append(hit.Message.Parts, SnippetPart{p.Text, IntBool(p.IsMatch)})
		}
	}
	return hit
}
