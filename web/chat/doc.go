// Package chat has the actions on chats that users, agents and supervisors share, and their JSON streams. One handler serves the page, its scripts
// and programs.
package chat
