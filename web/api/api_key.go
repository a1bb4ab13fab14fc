package api

import "parley/models"

// APIKey is an API key without the key itself.
type APIKey struct {
	ID            int64    `json:"id"`
	Name          string   `json:"name"`
	Start         string   `json:"start"` // the first characters of the key
	Scopes        []string `json:"scopes"`
	AgentID       *string  `json:"agent_id"` // the agent whose chats it works in
	Networks      []string `json:"networks"` // from which it is accepted; empty for any
	ExpiresAt     *Time    `json:"expires_at"`
	CreatedByName string   `json:"created_by_name"`
	CreatedAt     Time     `json:"created_at"`
	LastUsedAt    *Time    `json:"last_used_at"`
	RevokedAt     *Time    `json:"revoked_at"`
}

// NewAPIKey is a key that was just made. The key is in no later answer.
type NewAPIKey struct {
	APIKey
	Key string `json:"key"`
}

// APIKeyOf returns the body of a key.
func APIKeyOf(k *models.APIKey) APIKey {
	return APIKey{
		ID: k.ID, Name: k.Name, Start: k.Start, Scopes: k.Scopes, AgentID: k.AgentID, Networks: k.Networks,
		ExpiresAt: OptionalTime(k.ExpiresAt), CreatedByName: k.ByName, CreatedAt: Time(k.CreatedAt),
		LastUsedAt: OptionalTime(k.LastUsedAt), RevokedAt: OptionalTime(k.RevokedAt),
	}
}
