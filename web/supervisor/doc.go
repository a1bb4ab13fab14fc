// Package supervisor serves the live board of queue, load and flags, single chats and agents as supervisors see them,
// the same data as JSON and CSV, and the actions of supervisors: assigning a chat by hand, changing its priority,
// joining it and taking it over. Every route requires the role supervisor, except those of the wallboards, which a key
// opens.
//
// The board is read again for each tick, once for all streams with the same filter, and drawn once for each language. A
// stream sends only the parts whose view data changed. Figures of the last day are cached for a minute.
package supervisor
