package workbench

import "time"

// Assist is what the agent asks of supervisors in a chat, and what they do there.
type Assist struct {
	CSRF      string
	ChatID    string
	HandSince time.Time // zero unless the agent has raised a hand
	HandLine  string
	Joined    string // names of the supervisors who write in the chat
	Watching  string // names of the supervisors that the agent is told are reading it
}

func (a Assist) isEmpty() bool { return a.HandSince.IsZero() && a.Joined == "" && a.Watching == "" }
