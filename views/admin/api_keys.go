package admin

import (
	"strconv"
	"time"

	"parley/views/staff"
)

// APIKeys is the page of the API keys.
type APIKeys struct {
	Frame  staff.Frame
	Rows   []APIKey
	Scopes []Scope
	Agents []KeyAgent
	Errors Errors
	// What was typed, with Errors.
	NewName, NewAgent, NewNetworks, NewDays string

	AddedName, AddedKey string // of the key that was just made, "" for none
}

// Scope is something that a key may be used for.
type Scope struct {
	Name, Word string
	Chosen     bool
}

// KeyAgent is an agent whose chats a key can work in.
type KeyAgent struct{ ID, Name string }

// APIKey is one key.
type APIKey struct {
	ID, Name, Start string
	Scopes          []string
	Agent           string // the agent whose chats it works in, "" for none
	Networks        string // "" for any
	ExpiresAt       *time.Time
	Expired         bool
	By              string // who made it; "" when that agent is gone
	At              time.Time
	LastUsedAt      *time.Time
	RevokedAt       *time.Time
}

// expiryDays are the times until a key expires from which the form lets people choose; 0 is no end.
var expiryDays = []int{30, 90, 365, 0}

// isChosen reports whether the form shows this expiry: 90 days in an empty form.
func (p APIKeys) isChosen(days int) bool {
	return p.NewDays == strconv.Itoa(days) || p.NewDays == "" && days == 90
}
