package live

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"parley/models"
)

// position is how far a client has come in one chat.
type position struct {
	version int64
	ended   bool // the client has received the end of the chat
}

// cursor is how far a client has come: a version for each chat, and a time from which chats that are not in it are looked
// for. One position for each chat, because a single global sequence loses rows that commit late.
type cursor struct {
	at    time.Time
	chats map[string]position
}

// Cursor returns the id from which a stream continues after a page that shows those chats. The page must read the chats
// before their messages: what is committed between the two reads is then sent again instead of being missed.
func Cursor(at time.Time, chats ...models.Chat) string {
	c := cursor{at: at, chats: make(map[string]position, len(chats))}
	for _, chat := range chats {
		c.chats[chat.ID] = position{version: chat.Version, ended: chat.Status == models.Ended}
	}
	return c.String()
}

const (
	cursorFormat   = 1
	maxCursorChats = 200 // a query looks for all of them when the cursor comes back
	maxIDLength    = 50
)

// errCursor is returned for a cursor that this instance cannot read. The stream then starts without one.
var errCursor = errors.New("live: unreadable cursor")

// String returns the opaque id of an event: URL-safe, and about 20 bytes a chat.
func (c cursor) String() string {
	b := appendCursorHeader(nil, c.at)
	for _, id := range slices.Sorted(maps.Keys(c.chats)) {
		b = append(b, encodeID(id)...)
		b = binary.AppendUvarint(b, c.chats[id].encode())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func appendCursorHeader(b []byte, at time.Time) []byte {
	return binary.AppendUvarint(append(b, cursorFormat), uint64(max(at.Unix(), 0)))
}

// encodeID returns the length of a chat's id and the id. A UUID is its 16 bytes after a zero byte, which no other id of
// 17 bytes begins with.
func encodeID(id string) []byte {
	raw := []byte(id)
	if u, err := uuid.Parse(id); err == nil && u.String() == id {
		raw = append([]byte{0}, u[:]...)
	}
	return append(binary.AppendUvarint(nil, uint64(len(raw))), raw...)
}

// encode returns the version, with the end in the lowest bit.
func (p position) encode() uint64 {
	encoded := uint64(p.version) << 1
	if p.ended {
		encoded |= 1
	}
	return encoded
}

// parseCursor returns errCursor, and no part of the cursor, for anything that String does not return. The text comes from
// the client and may be anything; chats that are not the client's are refused later, when they are read.
func parseCursor(text string) (cursor, error) {
	text, _, _ = strings.Cut(text, pollSeparator) // a stream may continue after a poll
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 2 || b[0] != cursorFormat {
		return cursor{}, errCursor
	}
	b = b[1:]
	at, b, ok := uvarint(b)
	if !ok || at > 1<<40 {
		return cursor{}, errCursor
	}
	c := cursor{at: time.Unix(int64(at), 0), chats: map[string]position{}}
	for len(b) > 0 {
		var n, v uint64
		if n, b, ok = uvarint(b); !ok || n == 0 || n > maxIDLength || n > uint64(len(b)) {
			return cursor{}, errCursor
		}
		id := string(b[:n])
		if n == 17 && b[0] == 0 {
			id = uuid.UUID(b[1:17]).String()
		}
		if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) || len(c.chats) == maxCursorChats {
			return cursor{}, errCursor
		}
		b = b[n:]
		if v, b, ok = uvarint(b); !ok || v>>1 > 1<<62 {
			return cursor{}, errCursor
		}
		c.chats[id] = position{version: int64(v >> 1), ended: v&1 == 1}
	}
	return c, nil
}

func uvarint(b []byte) (uint64, []byte, bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
