package widget

import (
	"parley/views/chat"
	"parley/views/ui"
)

// ContinueFrame is the page around a chat that the link of an e-mail continues.
type ContinueFrame struct {
	ui.Page
	Site string // its name
}

// Continue is a chat that the link of an e-mail continues.
type Continue struct {
	ContinueFrame
	Path   string // of the link
	Thread chat.Thread
	Key    string // idempotency key of the next message
	// HasEnded is whether the chat can only be read. CanAsk is whether its user can ask again then; the answer goes to Email.
	HasEnded, CanAsk bool
	Email            string
	IsAsked          bool   // the question went to another conversation
	Typed            string // what was refused
	Error            string // why, in words
}

// mode tells the script whether new messages may come.
func (p Continue) mode() string {
	if p.HasEnded {
		return "ended"
	}
	return "open"
}
