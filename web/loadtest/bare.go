package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// The bare handler is the yardstick: what a chat's message costs when nothing is asked, checked or kept but the message itself. It is
// simple Go, written to be quick: one prepared statement, one publish, one encoding of an event for all who hear it.
type bare struct {
	pool   *pgxpool.Pool
	memory *redis.Client

	mu      sync.RWMutex
	streams map[string]map[*bareStream]bool // by chat
}

// bareStream is written to by a goroutine of its own, or, in the bare loop, by whoever has something to say.
type bareStream struct {
	frames  chan []byte
	mu      sync.Mutex
	w       http.ResponseWriter
	flusher http.Flusher
}

func (s *bareStream) write(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.w.Write(frame); err != nil {
		return err
	}
	s.flusher.Flush()
	return nil
}

const (
	bareTable = `CREATE TABLE bare_messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, chat_id text NOT NULL, sender_type text NOT NULL,
		content text NOT NULL, client_message_id text NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp())`
	bareInsert = `INSERT INTO bare_messages (chat_id, sender_type, content, client_message_id) VALUES ($1, $2, $3, $4) RETURNING id, created_at`

	bareChannel  = "bare"
	concurrently = "*" // by a goroutine for each stream
	inOneLoop    = "+" // in one loop
)

// bareMessage has the fields of the program's message, so that both put the same on the wire.
type bareMessage struct {
	ID              int64      `json:"id"`
	ChatID          string     `json:"chat_id"`
	SenderID        string     `json:"sender_id"`
	SenderType      string     `json:"sender_type"`
	Content         string     `json:"content"`
	MessageType     string     `json:"message_type"`
	ClientMessageID string     `json:"client_message_id"`
	IsRead          int        `json:"is_read"`
	Status          string     `json:"status"`
	CreatedAt       time.Time  `json:"created_at"`
	SentAt          time.Time  `json:"sent_at"`
	DeliveredAt     *time.Time `json:"delivered_at"`
	ReadAt          *time.Time `json:"read_at"`
	Attachment      *string    `json:"attachment"`
}

// serveBare is the process of the bare handler.
func serveBare(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	config.MaxConns = 24 // as the program has
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		return err
	}
	b := &bare{pool: pool, memory: redis.NewClient(options), streams: map[string]map[*bareStream]bool{}}
	defer b.memory.Close()
	heard := b.memory.Subscribe(ctx, bareChannel)
	if _, err := heard.Receive(ctx); err != nil {
		return err
	}
	go b.fanOut(heard.Channel(redis.WithChannelSize(10_000)))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /chats/{chat}/{side}/messages", b.send)
	mux.HandleFunc("GET /chats/{chat}/events", b.events)
	mux.HandleFunc("POST /announce", b.announce)
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	server := &http.Server{Addr: os.Getenv("LISTEN_ADDR"), Handler: mux, ErrorLog: log.New(os.Stderr, "", 0)}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (b *bare) send(w http.ResponseWriter, r *http.Request) {
	m := bareMessage{ChatID: r.PathValue("chat"), SenderType: r.PathValue("side"), SenderID: "anon-3f0c6c1e-6f4b-4a8e-9d0a-1f6f1d1f7a55",
		MessageType: "text", Status: "sent"}
	err := json.NewDecoder(r.Body).Decode(&m)
	if err == nil {
		err = b.pool.QueryRow(r.Context(), bareInsert, m.ChatID, m.SenderType, m.Content, m.ClientMessageID).Scan(&m.ID, &m.CreatedAt)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	m.CreatedAt = m.CreatedAt.UTC()
	m.SentAt = m.CreatedAt
	data, _ := json.Marshal(m)
	if err := b.publish(r.Context(), m.ChatID, "message", fmt.Sprint(m.ID), data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(data)
}

// publish sends the very bytes that streams will write.
func (b *bare) publish(ctx context.Context, chat, event, id string, data []byte) error {
	frame := make([]byte, 0, len(data)+100)
	frame = append(frame, chat+"\n"...)
	frame = append(frame, "id: "+id+"\nevent: "+event+"\ndata: "...)
	frame = append(frame, data...)
	frame = append(frame, "\n\n"...)
	return b.memory.Publish(ctx, bareChannel, frame).Err()
}

// announce tells every stream one thing.
func (b *bare) announce(w http.ResponseWriter, r *http.Request) {
	data := []byte(`{"service_id":"3f0c6c1e-6f4b-4a8e-9d0a-1f6f1d1f7a55","presence":"away"}`)
	to := concurrently
	if r.URL.Query().Has("loop") {
		to = inOneLoop
	}
	if err := b.publish(r.Context(), to, "presence", "1", data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// fanOut gives what was published to the streams.
func (b *bare) fanOut(heard <-chan *redis.Message) {
	for m := range heard {
		chat, frame, _ := strings.Cut(m.Payload, "\n")
		raw := []byte(frame)
		b.mu.RLock()
		switch chat {
		case concurrently, inOneLoop:
			for _, streams := range b.streams {
				give(streams, raw, chat == inOneLoop)
			}
		default:
			give(b.streams[chat], raw, false)
		}
		b.mu.RUnlock()
	}
}

func give(streams map[*bareStream]bool, frame []byte, itself bool) {
	for s := range streams {
		if itself {
			_ = s.write(frame)
		} else {
			s.frames <- frame
		}
	}
}

func (b *bare) events(w http.ResponseWriter, r *http.Request) {
	chat, s := r.PathValue("chat"), &bareStream{frames: make(chan []byte, 256), w: w, flusher: w.(http.Flusher)}
	w.Header().Set("Content-Type", "text/event-stream")
	s.flusher.Flush()
	b.mu.Lock()
	if b.streams[chat] == nil {
		b.streams[chat] = map[*bareStream]bool{}
	}
	b.streams[chat][s] = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.streams[chat], s)
		b.mu.Unlock()
	}()
	for {
		select {
		case <-r.Context().Done():
			return
		case frame := <-s.frames:
			if s.write(frame) != nil {
				return
			}
		}
	}
}
