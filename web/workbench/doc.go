// Package workbench serves the page on which agents answer: the list of their chats, the open conversation with its composer, and what is
// known about the user. It also serves the live stream of that page, an agent's presence and ratings. Actions on chats are in package chat.
//
// The page is made of parts with ids. The stream sends a part again when its data changes, and a response to an action of the page's
// scripts has the same parts, so that the action shows even while the stream is disconnected.
package workbench
