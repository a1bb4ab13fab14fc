package live

import (
	"context"
	"fmt"
	"sync"
	"time"

	"parley/models"
)

// Renderer turns items into frames: JSON for programs, HTML for pages. It is used by one stream, from one goroutine. An
// error makes the stream repair, and so render the item again or one that replaces it.
type Renderer interface {
	Render(ctx context.Context, item Item) ([]Frame, error)
}

// Frame is one event as it is sent.
type Frame struct {
	Event string // its name, "" for a frame that only carries a cursor
	Data  []byte
	// Version is the version of the chat that the frame belongs to. When one item makes several frames, a client that
	// received only some of them continues from the last complete version. 0 is always safe: the whole item is sent again.
	Version int64
}

// Item is one of InitialState, Repaired, Changed, UserChanged, DraftChanged, OfferChanged, AlertChanged, FlagsChanged, Erased, Queued,
// Typing, Presence, Board and Closing.
type Item interface{ item() }

// InitialState is the state when the stream begins.
type InitialState struct {
	Chats       []ServedChat        // the receiver's open chats
	Ended       []models.Chat       // chats that ended after the cursor
	QueueStatus *models.QueueStatus // for users without an active chat
	Self        *models.Agent       // for agents
	Offers      []models.Offer      // to and from an agent, that are open
	Overview    *models.Overview    // for receivers with Board, and supervisors
	Load        []models.AgentLoad  // for supervisors
	Alerts      []models.Alert      // for supervisors, the open ones
	Flags       []models.Flag       // for supervisors
}

// Repaired follows the changes that a stream of own chats finds when it compares them with PostgreSQL. What else a renderer
// keeps may have changed without an event, and so may drafts, which only agents have.
type Repaired struct{ ForAgent bool }

// ServedChat is a chat and the agent who serves it, nil while it waits.
type ServedChat struct {
	Chat    models.Chat
	Service *models.AgentCard
}

// ChatState is what the client has received of a chat. The zero ChatState is a chat that it does not know.
type ChatState struct {
	Version  int64
	Status   models.Status
	AgentID  string
	WarnedAt time.Time
	IsRated  bool
	OpenedAt time.Time
	WrapUp   string // see wrapUpState
	Assist   string // see assistState
	Page     string // address and title of the page on which the user is
	Channel  models.Channel
	Contact  string // see contactState

	AnsweredAt time.Time // of the last answer to questions
}

// Changed is what happened to one chat, in one change or, after a gap, in several at once.
type Changed struct {
	Before   ChatState // compare with Chat to find what is new
	Chat     models.Chat
	Service  *models.AgentCard // who serves the chat, set when Assigned; with Left, who serves it now, if that is known
	User     *models.UserCard  // set when the user, or what is known of the user, may have changed
	Messages []models.Message  // in order; without notes for users
	Updated  []models.Message  // earlier messages that were edited or withdrawn, as they are now; without notes for users
	Statuses []models.StatusChange
	// Left is set when the chat is no longer this agent's; there are no messages then, and after a repair Chat is only an id.
	Left  bool
	Cache *EncodingCache // of the event; nil after a gap
}

// UserChanged carries new data of the user of ended chats to an agent.
type UserChanged struct{ models.UserChange }

// DraftChanged is a draft after it was saved or discarded: the receiver's own, or one that another agent left in a chat of the
// receiver's.
type DraftChanged struct{ models.Draft }

// OfferChanged is an offer to or from an agent after it was made or closed.
type OfferChanged struct{ models.Offer }

// AlertChanged is an alert after it was raised, cleared, acknowledged or snoozed.
type AlertChanged struct {
	models.Alert
	IsRaised, IsCleared bool // which of these is news to the receiver; neither for the rest
}

// FlagsChanged asks supervisors to read the list of flagged chats again. Shared belongs to all who receive it, nil after a gap.
type FlagsChanged struct{ Shared *EncodingCache }

// Assigned reports whether an agent serves the chat who did not serve it before.
func (c Changed) Assigned() bool {
	return !c.Left && c.Chat.Status == models.Active &&
		(c.Before.Status != models.Active || c.Before.AgentID != c.Chat.ServedBy())
}

// Ended reports whether the chat ended with this change.
func (c Changed) Ended() bool {
	return !c.Left && c.Chat.Status == models.Ended && c.Before.Status != models.Ended
}

// Warned reports whether the chat received its idle warning with this change.
func (c Changed) Warned() bool {
	return !c.Left && c.Chat.Status == models.Active && c.Chat.WarnedAt != nil && !c.Chat.WarnedAt.Equal(c.Before.WarnedAt)
}

// Unwarned reports whether this change withdrew the idle warning of a chat that goes on.
func (c Changed) Unwarned() bool {
	return !c.Left && c.Chat.Status == models.Active && c.Chat.WarnedAt == nil && !c.Before.WarnedAt.IsZero()
}

// Rated reports whether the user rated the chat with this change.
func (c Changed) Rated() bool { return !c.Left && c.Chat.Rating != nil && !c.Before.IsRated }

// Opened reports whether the agent of the chat opened it with this change.
func (c Changed) Opened() bool {
	at := c.Chat.OpenedAt
	return !c.Left && c.Chat.Status == models.Active && at != nil && !c.Chat.IsUnopened() && !at.Equal(c.Before.OpenedAt)
}

// WrappedUp reports whether this change set the outcome or tags of an ended chat, or skipped them.
func (c Changed) WrappedUp() bool {
	return !c.Left && c.Chat.Status == models.Ended && c.Before.WrapUp != wrapUpState(&c.Chat)
}

// Moved reports whether the user went to another page of the site with this change.
func (c Changed) Moved() bool {
	return !c.Left && c.Chat.Status != models.Ended && c.Before.Version > 0 && c.Before.Page != pageState(&c.Chat)
}

// ChannelChanged reports whether this change made the chat a message, or a live chat again.
func (c Changed) ChannelChanged() bool {
	return !c.Left && c.Before.Version > 0 && c.Before.Channel != c.Chat.Channel
}

// ContactChanged reports whether this change gave the answer another address, or the user of a message came or went.
func (c Changed) ContactChanged() bool { return !c.Left && c.Before.Contact != contactState(&c.Chat) }

// contactState returns a text that differs whenever the contact of a message does, or whether its user is there.
func contactState(c *models.Chat) string {
	if c.ContactEmail == nil {
		return ""
	}
	return fmt.Sprintf("%q %q %q %t", *c.ContactEmail, deref(c.ContactName), deref(c.ContactLocale), c.UserHereAt != nil)
}

// Answered reports whether the user answered questions with this change.
func (c Changed) Answered() bool {
	at := c.Chat.AnsweredAt
	return !c.Left && at != nil && !at.Equal(c.Before.AnsweredAt)
}

// Assisted reports whether this change raised or lowered the hand, or changed which supervisors have joined or watch.
func (c Changed) Assisted() bool { return !c.Left && c.Before.Assist != assistState(&c.Chat) }

// assistState returns a text that differs whenever the hand or the supervisors of a chat do; "" when there are none.
func assistState(c *models.Chat) string {
	if c.HandRaisedAt == nil && c.JoinedIDs == nil && c.WatcherIDs == nil {
		return ""
	}
	return fmt.Sprintf("%v %q %q %q", deref(c.HandRaisedAt).UnixMicro(), deref(c.HandLine), c.JoinedIDs, c.WatcherIDs)
}

// pageState returns a text that differs whenever the page of a chat does.
func pageState(c *models.Chat) string { return deref(c.PageURL) + " " + deref(c.PageTitle) }

// wrapUpState returns a text that differs whenever outcome, tags or the time of the wrap-up do; "" when there is none.
func wrapUpState(c *models.Chat) string {
	if c.Outcome == nil && c.Tags == nil && c.WrappedUpAt == nil {
		return ""
	}
	return fmt.Sprintf("%q %q %v", deref(c.Outcome), c.Tags, deref(c.WrappedUpAt).UnixMicro())
}

// deref returns what a pointer points to, and the zero value for nil.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// EncodingCache keeps what was encoded of one event, so that all its receivers share the work. A nil cache keeps nothing.
type EncodingCache struct {
	mu      sync.Mutex
	encoded map[string][]byte
}

// Get returns what encode returned for the name, and calls encode once for each name. What encode returns must depend on
// the event and the name alone, never on the receiver.
func (c *EncodingCache) Get(name string, encode func() []byte) []byte {
	if c == nil {
		return encode()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	encoded, ok := c.encoded[name]
	if !ok {
		encoded = encode()
		if c.encoded == nil {
			c.encoded = map[string][]byte{}
		}
		c.encoded[name] = encoded
	}
	return encoded
}

// Erased names chats of an agent that were erased.
type Erased struct{ ChatIDs []string }

// Queued is a waiting user's position after it, or the estimated wait, changed.
type Queued struct {
	Status   models.QueueStatus
	Previous int // the position before, 0 if there was none
	Before   models.QueueStatus
	Cause    models.QueueCause // of the change, "" when it is not known
}

// Typing is the other participant of one of the receiver's chats writing.
type Typing struct{ models.Typing }

// Presence is the presence or load of an agent: the receiver, the one who serves the receiver, or for supervisors any.
type Presence struct {
	models.PresenceChange
	Agent      *models.AgentState // nil when only the change is known
	OfAnyAgent bool               // the receiver is a supervisor
	ToUser     bool               // the receiver is a user, who sees no more than Presence
	Shared     *EncodingCache
}

// Board is the state of the queue after anything changed, at most three times a second.
type Board struct {
	Overview models.Overview
	Queue    bool // who waits, or for how long, may have changed; else only chats or agents did
	Shared   *Shared
}

// Closing is the last item. The client should connect again unless it was signed out.
type Closing struct{ Reason Reason }

// Reason is why the server ended a stream, as clients receive it.
type Reason string

// The reasons.
const (
	SignedOut Reason = "signed_out" // the credentials are no longer valid
	Expired   Reason = "expired"    // the credentials have expired
	Replaced  Reason = "replaced"   // the same identity opened more than maxStreams
	Renewed   Reason = "renewed"    // the stream reached its lifetime; connect again
	Stopping  Reason = "stopping"   // this instance stops; connect again, to another one

	// disconnected is never sent: the client is gone.
	disconnected Reason = "left"
)

func (InitialState) item() {}
func (Repaired) item()     {}
func (Changed) item()      {}
func (UserChanged) item()  {}
func (DraftChanged) item() {}
func (OfferChanged) item() {}
func (FlagsChanged) item() {}
func (Erased) item()       {}
func (Queued) item()       {}
func (Typing) item()       {}
func (Presence) item()     {}
func (AlertChanged) item() {}
func (Board) item()        {}
func (Closing) item()      {}
