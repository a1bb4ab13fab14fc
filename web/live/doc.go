// Package live delivers committed changes to open streams: those of this instance at once, those of other instances over
// Redis Pub/Sub. PostgreSQL is the source of truth; what a stream may have missed is read from there again, so that an event
// can be lost on the way and still no client misses what it was about.
//
// # Contract
//
//   - [Hub.Publish] is called after the commit and never waits. The hub never waits for a stream either: a stream with
//     too many pending signals drops them and repairs.
//   - [Hub.Open] registers the receiver first and reads the initial state second. A change committed between the two is
//     in both, and its version decides that it is sent once.
//   - A publisher writes messages and statuses to a few streams that wait, where that needs no query and no waiting
//     (inline.go); everything else is queued for the stream's own goroutine.
//   - A stream sends the changes of one chat in the order of their versions, without a gap. Every frame of a change
//     carries a cursor; a client that sends it back gets everything committed after it. A client may get a message
//     again after a broken connection, and recognises it by its id.
//   - A stream shows only what its receiver may see: audience decides who gets an event, and Stream.sendChange removes
//     notes for users and forgets chats that are no longer the agent's.
//   - A stream writes at least every 20 s, ends when the session ends (within 5 s if that event is lost), when the
//     credentials expire, and after 30 to 40 minutes so that load spreads over the instances.
//   - The package knows no Echo and no screen: a [Renderer] turns items into frames, a [Transport] writes them.
//
// # States of a stream
//
//	Hub.Open: readInitialState
//	       |
//	       v    sendInitialState          sendMissed
//	    opened ----------------> catchingUp ----------> live <---+
//	                                  |                 | ^ |    | apply, one signal after another
//	                                  | sendMissed,     | | +----+
//	                                  | and behind      | |
//	                                  |      fallBehind | | repair
//	                                  |                 v |
//	                                  +------------> repairing
//
//	    every state -- subscription.end --> ending -- sendEndedChats, sendClosing --> closed
//
// The work of a state may read PostgreSQL. When that fails the state stays, the stream is marked behind, heartbeats go
// on, and Stream.transition does the work again after a second or with the next signal. A live stream falls behind when
// signals were dropped, when the relay reports a gap, and when applying a signal failed. A broken transport, a
// disconnected client and the end of the context close the stream from every state without a closing item.
//
// # States of a chat in a stream
//
//	          track: initial state,                   update: a change with the
//	          cursor or first change                  next version, or catchUp
//	unknown ---------------------> tracked at version <---+
//	                                    |    |    |       |
//	                                    |    |    +-------+
//	             update: the chat ended |    | forget: transferred, requeued, erased
//	                                    v    v
//	                                ended    forgotten, which is the same as unknown
//	                                    |    ^
//	                                    +----+ forgetEnded: 10 minutes after the end, or more than 50,
//	                                           but not before the stream has been compared
//
// A change with a version up to the tracked one was sent before and is ignored. The next version is sent from the
// event; a later one means that a change is missing, and catchUp reads everything after the tracked version.
//
// # What finds a lost event
//
//   - a gap: a change's version shows that earlier ones are missing (Stream.applyChange);
//   - the relay: another instance, or the connection to Redis, reports that something was lost (Hub.repairAll);
//   - comparison: Hub.compareWithDatabase reads the versions of the chats of everyone with a stream, every 600 ms while
//     the instance is not stable, else every 15 s (Stream.compare);
//   - a recheck: after an uncertain commit the instance announces which chats may have changed (Stream.recheck).
//
// # Locks
//
// Hub.mu may be held while subscription.mu is taken, never the other way round. The relay's, the ticker's and the
// heartbeats' locks are leaves: nothing is called under them. Stream.working is taken before both, and only tried by
// publishers.
package live
