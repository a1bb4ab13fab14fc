package present

import "time"

// How much several pages show, and from when they call a wait long.
const (
	// ThreadMessages is how many of the latest messages a conversation shows, and how many earlier ones it loads at a time.
	ThreadMessages = 200
	// EndedChatWindow is how long after its end a chat is part of a page's cursor, since the stream looks back that far.
	EndedChatWindow = 10 * time.Minute
	// LateReplyAfter is how long a user may wait for a reply before the wait is shown as late.
	LateReplyAfter = time.Minute
)
