package chat

import "time"

// HandOver is what an agent wrote about a chat for the next one. An empty note draws nothing.
type HandOver struct {
	From     string // name of the agent
	At       time.Time
	Wants    string
	Tried    string
	Promised string
}
