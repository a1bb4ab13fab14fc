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

// position is how far a receiver has come in one chat.
type position struct {
	version int64
	ended   bool // the receiver knows that the chat has ended
}

// cursor is how far a receiver has come: a version for each chat, and a time from which chats that are not
// named are looked for.
type cursor struct {
	at    time.Time
	chats map[string]position
}

// Cursor is the id from which a stream goes on behind a page that shows those chats. The chats must be read before
// whatever else the page shows of them.
func Cursor(at time.Time, chats ...models.Chat) string {
	c := cursor{at: at, chats: make(map[string]position, len(chats))}
	for _, chat := range chats {
		c.chats[chat.ID] = position{version: chat.Version, ended: chat.Status == models.Ended}
	}
	return c.String()
}

const (
	cursorForm = 1
	maxCursor  = 200 // chats; each is a query when it comes back
)

var errCursor = errors.New("live: unreadable cursor")

// String makes the opaque id of an event: URL-safe, and about 20 bytes a chat.
func (c cursor) String() string {
	b := beginCursor(nil, c.at)
	for _, id := range slices.Sorted(maps.Keys(c.chats)) {
		b = append(b, encodeID(id)...)
		b = binary.AppendUvarint(b, c.chats[id].code())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func beginCursor(b []byte, at time.Time) []byte {
	return binary.AppendUvarint(append(b, cursorForm), uint64(max(at.Unix(), 0)))
}

// encodeID is a chat's id behind its length: a UUID as its bytes behind a zero, which tells it from a name of 17 bytes.
func encodeID(id string) []byte {
	raw := []byte(id)
	if u, err := uuid.Parse(id); err == nil && u.String() == id {
		raw = append([]byte{0}, u[:]...)
	}
	return append(binary.AppendUvarint(nil, uint64(len(raw))), raw...)
}

func (p position) code() uint64 {
	code := uint64(p.version) << 1
	if p.ended {
		code |= 1
	}
	return code
}

func parseCursor(text string) (cursor, error) {
	text, _, _ = strings.Cut(text, pollMark) // a stream may go on behind a poll
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 2 || b[0] != cursorForm {
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
		if n, b, ok = uvarint(b); !ok || n == 0 || n > 50 || n > uint64(len(b)) {
			return cursor{}, errCursor
		}
		id := string(b[:n])
		if n == 17 && b[0] == 0 {
			id = uuid.UUID(b[1:17]).String()
		}
		if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) || len(c.chats) == maxCursor {
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
