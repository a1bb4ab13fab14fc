package present

import "time"

// What several screens have in common.
const (
	// ThreadMessages is how many of its latest messages a conversation shows.
	ThreadMessages = 200
	// EndedChatWindow is how long after its end a chat is told to the stream of a page, which looks that far back.
	EndedChatWindow = 10 * time.Minute
	// LateReplyAfter is how long a user may wait for an answer before the wait is shown as too long.
	LateReplyAfter = time.Minute
)
