// Package models is the desk of Parley: its rows, its rules and its transactions. It knows nothing of HTTP, templates,
// Redis or background workers.
//
// An exported method of [Desk] is one use case: it runs in one transaction, or in a few that may each be repeated, and
// what it announces goes to the [Publisher] after the commit. Every error that it returns is an [*Error]. A commit
// whose answer is lost is announced once PostgreSQL tells what became of it, and the answer to a retry announces the
// version of the chat.
//
// # Invariants
//
//   - A user has at most one open (waiting or active) chat: unique index chats_one_open_per_user.
//   - agents.load is the number of the agent's active chats; it is raised only by the assigner and by hand-overs, both
//     under the agent's row lock, and never above max_concurrent.
//   - chats.version grows by one with each committed change of the chat. Message ids are taken under the chat's row
//     lock, so that their order within a chat is the order of commits.
//   - A message's status never goes back; each step is a row of message_status_changes.
//   - Every name in the file store is a row of stored_files, from before it is written until after it is deleted; a
//     message of type image or file has exactly one attachment, and a file goes with its message.
//   - Waiting chats are served by priority, then those that came back from an agent, then by queued_at.
//
// # Lock order
//
// The queue's advisory lock, then users (an anonymous one before the person it becomes), then chats, then agents, each
// kind by id; messages, attachments and stored_files come after their chat. Whoever erases a user never takes the
// queue's lock. Presence is changed on the agent's row alone, and the chats of an agent who left are taken back in
// transactions of their own. A deadlock (40P01) or a failed serialization (40001) is tried again.
//
// # Changing a chat
//
// A chat is changed in one of two ways. On hot paths one prepared statement decides, writes and commits by itself:
// message_sql.go for messages, message_status.go for confirmations. Everything else locks the chat, lets a method of
// chatChange (chat_change.go), which is pure, say what the step does to it, and stores the result and emits its event
// by save (chat_write.go). A chat's next version and the INSERT of a message are written in chat_write.go alone.
//
// # SQL
//
// Ordinary use cases write SQL for bun, with ? for arguments; hot paths use prepared statements, with $1. prepared.go
// says which is which.
package models
