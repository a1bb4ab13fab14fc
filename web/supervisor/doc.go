// Package supervisor serves the live board of queue and load, single chats and agents as supervisors see them, the same data as JSON and
// CSV, and the actions on the queue: assigning a chat by hand and changing its priority. Every route requires the role supervisor.
//
// The board is read again for each tick of its stream, and only the parts whose view data changed are sent. Figures of the last day are
// cached for a minute.
package supervisor
