// Package models is the core of Parley: rows, rules and transactions. It knows nothing of HTTP, templates, Redis or
// background workers.
//
// An exported method of [Desk] is one use case. It runs in one transaction, or in a few that may each be repeated, and the
// events of what it changed go to the [Publisher] after the commit. Every error that it returns is an [*Error]; errors.go
// lists those with a name. When the answer to a commit is lost, the change is announced once PostgreSQL confirms that it
// happened, and the answer to a retry announces the version of the chat.
//
// Inside a use case the order is: lock, read, decide (pure functions), write, emit. Unexported functions take a
// [context.Context] and a tx and can be combined in one transaction.
//
// # Invariants
//
//   - A user has at most one open (waiting or active) chat: unique index chats_one_open_per_user.
//   - agents.load is the number of the agent's active live chats, and agents.message_load that of the messages, which
//     have max_messages. Only the assigner and transfers raise them, both under the lock of the agent's
//     row, and load never above max_concurrent, or one more while has_extra is set.
//   - agents.reserved is the number of open offers of live chats to the agent. Load and reserved places together never exceed
//     max_concurrent when one of them is raised; an accepted offer turns one into the other in one statement.
//   - agents.regular_max is set while max_concurrent is temporary: the row of temporary_capacity_agents without
//     taken_back_at says what it was. Ending it lowers max_concurrent, maybe below the load, and ends no chat.
//   - A chat has at most one open offer: unique index transfer_offers_one_open_per_chat.
//   - chats.version grows by one with each committed change of the chat. Ids of messages are taken under the lock of
//     the chat's row, so that their order within a chat is the order of commits.
//   - The status of a message never goes back; each step is a row of message_status_changes.
//   - Every name in the store of files is a row of stored_files, from before the file is written until after it is
//     deleted. A message of type image or file has exactly one attachment, and its file is deleted with it.
//   - Waiting chats are served by priority, then those that came back from an agent, then by queued_at.
//
// # Lock order
//
// The advisory lock of the queue, then users (an anonymous user before the one they become), then chats, then agents,
// each kind in the order of ids; messages, attachments and stored_files after their chat. Erasing a user never takes the
// lock of the queue. A change of presence locks the agent's row alone, and the chats of an agent who left are taken back
// in transactions of their own. A deadlock (40P01) or a serialization failure (40001) is tried again.
//
// # Changing a chat
//
// A chat is changed in one of two ways. On hot paths one prepared statement decides, writes and commits by itself:
// message_sql.go for messages, message_status.go for confirmations. Everything else locks the chat, applies a pure
// method of chatChange (chat_change.go) to it, and stores the result and emits its event with save (chat_write.go). A
// chat's next version and the INSERT of a message are written in chat_write.go alone.
//
// # SQL
//
// Ordinary use cases write SQL for bun, with ? for arguments; hot paths use prepared statements, with $1. prepared.go
// explains which to use.
package models
