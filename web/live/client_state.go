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
	code    []byte // the id as a cursor has it
	endedAt time.Time
}

func (k *trackedChat) ended() bool { return k.Status == models.Ended }

// update takes a chat as it stands.
func (k *trackedChat) update(c *models.Chat) {
	k.ChatState = ChatState{Version: c.Version, Status: c.Status, AgentID: c.ServedBy()}
	if c.WarnedAt != nil {
		k.WarnedAt = *c.WarnedAt
	}
	if c.EndedAt != nil {
		k.endedAt = *c.EndedAt
	}
}

// clientState is how far the stream has come in each of its chats, in the order of their ids. Most streams have one.
type clientState []trackedChat

func (k clientState) search(id string) (int, bool) {
	return slices.BinarySearchFunc(k, id, func(one trackedChat, id string) int { return cmp.Compare(one.id, id) })
}

// find returns what is known of a chat, nil for nothing.
func (k clientState) find(id string) *trackedChat {
	if i, ok := k.search(id); ok {
		return &k[i]
	}
	return nil
}

// state returns what is known of a chat; the zero Mark for nothing.
func (k clientState) state(id string) ChatState {
	if one := k.find(id); one != nil {
		return one.ChatState
	}
	return ChatState{}
}

// ensure returns what is known of a chat, to be changed; it is valid until the next note or forget.
func (k *clientState) ensure(id string) *trackedChat {
	i, ok := k.search(id)
	if !ok {
		*k = slices.Insert(*k, i, trackedChat{id: id, code: encodeID(id)})
	}
	return &(*k)[i]
}

func (k *clientState) forget(id string) {
	if i, ok := k.search(id); ok {
		*k = slices.Delete(*k, i, i+1)
	}
}

const (
	// keepEnded is how long a chat stays in the cursor after its end: it may still be rated, or read.
	keepEnded = 10 * time.Minute
	maxEnded  = 50
)

// forgetEnded drops the chats that ended long ago, and the oldest of too many.
func (k *clientState) forgetEnded(now time.Time) {
	var ends []time.Time
	for i := range *k {
		if (*k)[i].ended() {
			ends = append(ends, (*k)[i].endedAt)
		}
	}
	oldest := now.Add(-keepEnded)
	if len(ends) > maxEnded {
		slices.SortFunc(ends, func(a, b time.Time) int { return b.Compare(a) })
		if least := ends[maxEnded-1]; least.After(oldest) {
			oldest = least
		}
	}
	*k = slices.DeleteFunc(*k, func(one trackedChat) bool { return one.ended() && one.endedAt.Before(oldest) })
}

// cursor is the id from which a stream goes on behind all that is known, as of a time at which no other chat was there.
func (k clientState) cursor(at time.Time) string {
	b := make([]byte, 0, 16+32*len(k))
	b = beginCursor(b, at)
	for i := range k {
		b = append(b, k[i].code...)
		b = binary.AppendUvarint(b, position{version: k[i].Version, ended: k[i].ended()}.code())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
