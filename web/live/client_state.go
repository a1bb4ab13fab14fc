package live

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"parley/models"
)

// trackedChat is how far the stream has come in one chat.
type trackedChat struct {
	ChatState
	id      string
	encoded []byte // the id as a cursor has it
	endedAt time.Time
	// unlisted is true for an ended chat that is too many for the cursor. A client that continues from the cursor may get it again.
	unlisted bool
}

func (t *trackedChat) ended() bool { return t.Status == models.Ended }

// update moves the chat to the version and the status of c: the client has received everything up to there.
func (t *trackedChat) update(c *models.Chat) {
	t.ChatState = ChatState{Version: c.Version, Status: c.Status, AgentID: c.ServedBy(), WrapUp: wrapUpState(c), IsRated: c.Rating != nil}
	t.Page, t.Assist = pageState(c), assistState(c)
	t.Channel, t.Contact = c.Channel, contactState(c)
	t.WarnedAt, t.OpenedAt, t.AnsweredAt = deref(c.WarnedAt), deref(c.OpenedAt), deref(c.AnsweredAt)
	if c.EndedAt != nil {
		t.endedAt = *c.EndedAt
	}
}

// clientState is how far the client of a stream has come in each of its chats, ordered by id. It is a slice because most
// clients have one chat. A chat that is not in it is unknown, or forgotten, which is the same.
type clientState []trackedChat

func (s clientState) search(id string) (int, bool) {
	return slices.BinarySearchFunc(s, id, func(t trackedChat, id string) int { return cmp.Compare(t.id, id) })
}

// find returns the tracked chat, nil when it is unknown.
func (s clientState) find(id string) *trackedChat {
	if i, ok := s.search(id); ok {
		return &s[i]
	}
	return nil
}

// state returns the state of a chat, the zero ChatState when it is unknown.
func (s clientState) state(id string) ChatState {
	if t := s.find(id); t != nil {
		return t.ChatState
	}
	return ChatState{}
}

// track returns the tracked chat, and begins to track it at version 0 when it is unknown. The pointer is valid until the
// next call of track, forget or forgetEnded.
func (s *clientState) track(id string) *trackedChat {
	i, ok := s.search(id)
	if !ok {
		*s = slices.Insert(*s, i, trackedChat{id: id, encoded: encodeID(id)})
	}
	return &(*s)[i]
}

// forget makes a chat unknown: it is erased, or no longer the receiver's.
func (s *clientState) forget(id string) {
	if i, ok := s.search(id); ok {
		*s = slices.Delete(*s, i, i+1)
	}
}

const (
	// keepEnded is how long a chat stays tracked after its end: it may still be rated, or read on another device.
	keepEnded = 10 * time.Minute
	// maxEnded is how many ended chats a cursor lists: it goes with every event.
	maxEnded = 50
)

// forgetEnded forgets the chats that ended more than keepEnded ago, and of more than maxEnded those that ended first. Chats that ended
// after compared are kept, since the next comparison finds them again: of more than maxEnded those that ended first are not listed in
// the cursor any more.
func (s *clientState) forgetEnded(now, compared time.Time) {
	var ends []time.Time
	for i := range *s {
		if (*s)[i].ended() {
			ends = append(ends, (*s)[i].endedAt)
		}
	}
	oldest := now.Add(-keepEnded)
	if len(ends) > maxEnded {
		slices.SortFunc(ends, func(a, b time.Time) int { return b.Compare(a) })
		if earliestKept := ends[maxEnded-1]; earliestKept.After(oldest) {
			oldest = earliestKept
		}
	}
	*s = slices.DeleteFunc(*s, func(t trackedChat) bool {
		return t.ended() && t.endedAt.Before(oldest) && t.endedAt.Before(compared)
	})
	for i := range *s {
		t := &(*s)[i]
		t.unlisted = t.ended() && t.endedAt.Before(oldest)
	}
}

// cursor returns the id from which a stream continues after everything listed. syncedAt is a time at which the receiver
// had no other chats than the tracked ones.
func (s clientState) cursor(syncedAt time.Time) string {
	b := make([]byte, 0, 16+32*len(s))
	b = appendCursorHeader(b, syncedAt)
	for i := range s {
		if s[i].unlisted {
			continue
		}
		b = append(b, s[i].encoded...)
		b = binary.AppendUvarint(b, position{version: s[i].Version, ended: s[i].ended()}.encode())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
