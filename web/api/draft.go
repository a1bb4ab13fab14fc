package api

import "parley/models"

// Draft is text that an agent has typed and not sent, in an answer or a live event.
type Draft struct {
	ChatID      string  `json:"chat_id"`
	Kind        string  `json:"kind"`
	Content     string  `json:"content"` // "" after it was discarded
	Version     int64   `json:"version"`
	UpdatedAt   *Time   `json:"updated_at"` // null if there was no draft
	ServiceID   string  `json:"service_id"` // its author
	ServiceName string  `json:"service_name"`
	IsMine      IntBool `json:"is_mine"`
}

// DraftOf is the body of a draft for an agent.
func DraftOf(d *models.Draft, agentID string) Draft {
	draft := Draft{
		ChatID: d.ChatID, Kind: string(d.Kind), Content: d.Content, Version: d.Version,
		ServiceID: d.AgentID, ServiceName: d.AgentName, IsMine: IntBool(d.AgentID == agentID),
	}
	if at := Time(d.UpdatedAt); !d.UpdatedAt.IsZero() {
		draft.UpdatedAt = &at
	}
	return draft
}
