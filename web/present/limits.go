package present

import "time"

// What several screens have in common.
const (
	// ThreadMessages is how many messages of a conversation a page shows; the earlier ones are loaded by as many at a time.
	ThreadMessages = 200
	// EndedChatWindow is how long after its end a chat is told to the stream of a page, which looks that far back.
	EndedChatWindow = 10 * time.Minute
	// LateReplyAfter is how long a user may wait for an answer before the wait is shown as too long.
	LateReplyAfter = time.Minute
)
