// Package chat has the actions on chats that users, agents and supervisors share: start, queue, messages, files, transfer, end, rating, and
// the JSON streams. One handler serves pages, their scripts and programs; who may do what to which chat is decided by the desk, which
// refuses with 403, 404 or 409.
//
// An upload is received into a temporary file with a time limit for the whole and for each pause, judged and rebuilt by package media,
// stored, and only then becomes a message.
package chat
