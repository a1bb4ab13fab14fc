package faulttest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// silence is the maximum time without data on a live stream.
const silence = 20 * time.Second

// event is one frame of a stream.
type event struct {
	name, id string
	data     []byte
}

// listener keeps one stream open like a browser: it reconnects with the last id that it received, to the next instance if one does not
// respond.
type listener struct {
	plant *plant
	name  string
	path  string
	token string
	at    int
	back  time.Duration // how long it waits before it reconnects
	life  time.Duration // if set, it disconnects by itself after about this time, while conversations run
	hear  func(event)
	via   http.RoundTripper

	mu       sync.Mutex
	conn     int
	instance int // of the current connection
	cursor   string
	open     bool
	messages []heard
	statuses map[int64]string
	wrong    []string // content that a stream must never have
}

// fromTheStart is an invalid cursor, which requests everything of the open chats.
const fromTheStart = "from-the-start"

// run listens until ctx ends, from the start of the open chats.
func (l *listener) run(ctx context.Context) {
	l.cursor, l.statuses = fromTheStart, map[int64]string{}
	for ctx.Err() == nil {
		life, end := ctx, context.CancelFunc(func() {})
		if l.life > 0 && l.plant.load.Err() == nil {
			life, end = context.WithTimeout(ctx, l.life/2+rand.N(l.life))
		}
		if err := l.connect(life); err != nil {
			l.at++
		}
		end()
		pause(ctx, l.back)
	}
}

// connect reads one connection to its end. It returns an error if the connection failed.
func (l *listener) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	door, number := l.plant.door(l.at)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, door+"/api"+l.path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+l.token)
	req.Header.Set("Last-Event-ID", l.cursor)
	note := call{instance: number, kind: "stream", began: time.Now()}
	slow := time.AfterFunc(requestPatience, cancel)
	res, err := l.transport().RoundTrip(req)
	slow.Stop()
	note.took = time.Since(note.began)
	defer func() { l.plant.ledger.called(note) }()
	if err != nil {
		return err
	}
	defer res.Body.Close()
	note.status, note.retryAfter = res.StatusCode, res.Header.Get("Retry-After")
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream is refused: %d", res.StatusCode)
	}
	l.mu.Lock()
	l.conn++
	l.open, l.instance = true, number
	l.mu.Unlock()
	l.read(ctx, bufio.NewReader(res.Body))
	l.mu.Lock()
	l.open = false
	l.mu.Unlock()
	return nil
}

func (l *listener) transport() http.RoundTripper {
	if l.via != nil {
		return l.via
	}
	return transport
}

func (l *listener) read(ctx context.Context, lines *bufio.Reader) {
	dead := time.AfterFunc(silence+5*time.Second, func() { l.fault("said nothing for more than %s", silence) })
	defer dead.Stop()
	var now event
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		dead.Reset(silence + 5*time.Second)
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			l.take(now)
			now = event{}
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			now.name = value
		case "data":
			now.data = append(now.data, value...)
		case "id":
			now.id = value
		}
		if ctx.Err() != nil {
			return
		}
	}
}

type messageBody struct {
	ID              int64   `json:"id"`
	ChatID          string  `json:"chat_id"`
	SenderType      string  `json:"sender_type"`
	SenderID        string  `json:"sender_id"`
	Content         string  `json:"content"`
	ClientMessageID *string `json:"client_message_id"`
	Status          string  `json:"status"`
}

func (m messageBody) key() string {
	if m.ClientMessageID == nil {
		return ""
	}
	return *m.ClientMessageID
}

// came returns the received message ids by chat, each once, in the order of their first arrival.
func (l *listener) came() map[string][]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	chats, seen := map[string][]int64{}, map[int64]bool{}
	for _, h := range l.messages {
		if !seen[h.id] {
			seen[h.id] = true
			chats[h.chat] = append(chats[h.chat], h.id)
		}
	}
	return chats
}

var rank = map[string]int{"sent": 1, "delivered": 2, "read": 3}

// take records a frame. As in a browser, the cursor moves only once the frame is complete.
func (l *listener) take(e event) {
	l.mu.Lock()
	switch e.name {
	case "message":
		var m messageBody
		if err := json.Unmarshal(e.data, &m); err != nil || e.id == "" {
			l.wrong = append(l.wrong, fmt.Sprintf("a message that cannot be read or has no id: %v", err))
		}
		l.messages = append(l.messages, heard{time.Now(), l.conn, l.instance, m.ID, m.ChatID, m.SenderType, m.key(), m.Content})
		l.takeStatus(m.ID, m.Status)
	case "message_status":
		var s struct {
			MessageID int64 `json:"message_id"`
			Status    string
		}
		if err := json.Unmarshal(e.data, &s); err != nil {
			l.wrong = append(l.wrong, fmt.Sprintf("a status that cannot be read: %v", err))
		}
		l.takeStatus(s.MessageID, s.Status)
	}
	if e.id != "" {
		l.cursor = e.id
	}
	l.mu.Unlock()
	if l.hear != nil && e.name != "" {
		l.hear(e)
	}
}

// takeStatus records the status of a message, which never goes back, also not where a message comes again.
func (l *listener) takeStatus(id int64, status string) {
	if before := l.statuses[id]; rank[status] < rank[before] {
		l.wrong = append(l.wrong, fmt.Sprintf("message %d went from %q to %q", id, before, status))
	}
	l.statuses[id] = status
}

func (l *listener) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// connection returns the number of the current connection and whether it is open.
func (l *listener) connection() (int, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn, l.open
}
