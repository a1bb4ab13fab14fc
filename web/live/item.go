package live

import (
	"context"
	"sync"
	"time"

	"parley/models"
)

// Renderer turns what a stream has to say into frames: JSON for programs, HTML for pages. It is used by one stream,
// from one goroutine.
type Renderer interface {
	Render(ctx context.Context, item Item) ([]Frame, error)
}

// Frame is one event on the wire.
type Frame struct {
	Event string
	Data  []byte
	// Version is the change of the chat that the frame belongs to. Where one item makes several frames, it lets a
	// receiver who saw only some of them go on from there; 0 is always safe.
	Version int64
}

// Item is one of Present, Changed, Erased, Queued, Typing, Presence, Board and Closing.
type Item interface{ item() }

// InitialState is how things stand when the stream begins.
type InitialState struct {
	Chats    []ServedChat        // the receiver's open chats
	Ended    []models.Chat       // chats of the cursor that have ended since
	Place    *models.QueueStatus // users without an active chat
	Self     *models.Agent       // agents
	Overview *models.Overview    // who asked for the board
	Load     []models.AgentLoad  // supervisors
	Causes   []models.QueueCause // always empty; a place that is merely told has no cause
}

// ServedChat is a chat with whoever serves it, nil while it waits.
type ServedChat struct {
	Chat    models.Chat
	Service *models.AgentCard
}

// ChatState is what the stream knew of a chat before a change. The zero Mark is a chat that it did not know.
type ChatState struct {
	Version  int64
	Status   models.Status
	AgentID  string
	WarnedAt time.Time
}

// Changed is what happened to one chat, in one change or, after a gap, in several.
type Changed struct {
	Before   ChatState
	Chat     models.Chat
	Service  *models.AgentCard // who serves the chat, set when Assigned
	Messages []models.Message  // in order; without notes for users
	Statuses []models.StatusChange
	// Left tells an agent that the chat is somebody else's now, or nobody's; there are no messages then.
	Left  bool
	Cache *EncodingCache
}

// Assigned tells that somebody serves the chat who did not before.
func (c Changed) Assigned() bool {
	return !c.Left && c.Chat.Status == models.Active &&
		(c.Before.Status != models.Active || c.Before.AgentID != c.Chat.ServedBy())
}

// Ended tells that the chat has just ended.
func (c Changed) Ended() bool {
	return !c.Left && c.Chat.Status == models.Ended && c.Before.Status != models.Ended
}

// Warned tells that the chat has just been warned of its silence.
func (c Changed) Warned() bool {
	return !c.Left && c.Chat.Status == models.Active && c.Chat.WarnedAt != nil && !c.Chat.WarnedAt.Equal(c.Before.WarnedAt)
}

// Unwarned tells that the warning no longer holds, though the chat goes on.
func (c Changed) Unwarned() bool {
	return !c.Left && c.Chat.Status == models.Active && c.Chat.WarnedAt == nil && !c.Before.WarnedAt.IsZero()
}

// EncodingCache keeps what was encoded of one event, for all who are told of it; nil keeps nothing.
type EncodingCache struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// Get returns what encode returns, which is asked once for each name.
func (s *EncodingCache) Get(name string, encode func() []byte) []byte {
	if s == nil {
		return encode()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.kept[name]
	if !ok {
		kept = encode()
		if s.kept == nil {
			s.kept = map[string][]byte{}
		}
		s.kept[name] = kept
	}
	return kept
}

// Erased tells an agent that chats are stored no more.
type Erased struct{ ChatIDs []string }

// Queued is a waiting user's place after it changed.
type Queued struct {
	Status   models.QueueStatus
	Previous int // the place before, 0 if there was none
	Before   models.QueueStatus
	Cause    models.QueueCause // what explains the change best, "" when nothing is known to
}

// Typing is somebody writing in one of the receiver's chats.
type Typing struct{ models.Typing }

// Presence is the presence or load of an agent: the receiver, the one who serves the receiver, or for supervisors anybody.
type Presence struct {
	models.PresenceChange
	OfAnyAgent bool // told to a supervisor about anybody
	Shared     *EncodingCache
}

// Board is the state of the queue after anything changed, at most a few times a second.
type Board struct {
	Overview models.Overview
	// Queue tells that who waits, or for how long, is not what it was; else only chats or agents changed.
	Queue bool
}

// Closing is the last item. The client should come back unless it was signed out.
type Closing struct{ Reason Reason }

// Reason is why the server ended a stream.
type Reason string

// The reasons.
const (
	SignedOut Reason = "signed_out" // the credentials are no longer good
	Expired   Reason = "expired"    // the credentials have reached their end
	Replaced  Reason = "replaced"   // the same identity opened too many
	Renewed   Reason = "renewed"    // open long enough; come back
	Stopping  Reason = "stopping"   // this instance stops; come back

	// Nobody is told of these.
	disconnected Reason = "left"
	heartbeatDue Reason = "beating"
)

func (InitialState) item() {}
func (Changed) item()      {}
func (Erased) item()       {}
func (Queued) item()       {}
func (Typing) item()       {}
func (Presence) item()     {}
func (Board) item()        {}
func (Closing) item()      {}
