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

// bare is the bare handler, the yardstick of the benchmark: it shows what a message costs without authentication, checks and chats. For
// each message it executes one prepared statement, publishes once and encodes the event once for all streams.
type bare struct {
	pool   *pgxpool.Pool
	memory *redis.Client

	shared bareBatcher

	mu      sync.RWMutex
	streams map[string]map[*bareStream]bool // by chat
}

// bareStream is one open event stream. Its handler goroutine writes the frames from the channel. With inOneLoop, fanOut writes directly;
// mu serialises both.
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
	bareTable = `CREATE TABLE bare_messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, chat_id text NOT NULL,
		sender_type text NOT NULL,
		content text NOT NULL, client_message_id text NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp())`
	bareInsert = `INSERT INTO bare_messages (chat_id, sender_type, content, client_message_id) VALUES ($1, $2, $3, $4) RETURNING id, created_at`

	bareChannel  = "bare"
	concurrently = "*" // to all streams, each written by its own goroutine
	inOneLoop    = "+" // to all streams, written in one loop
)

// bareMessage has the same fields as a message of the program, so that both send the same amount of data.
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

// serveBare runs the bare handler until ctx ends. It is the main function of its process.
func serveBare(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	config.MaxConns = 24 // the same as the program
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
	subscription := b.memory.Subscribe(ctx, bareChannel)
	if _, err := subscription.Receive(ctx); err != nil {
		return err
	}
	go b.fanOut(subscription.Channel(redis.WithChannelSize(10_000)))
	mux := http.NewServeMux()
	b.shared.pool = pool
	mux.HandleFunc("POST /chats/{chat}/{side}/messages", func(w http.ResponseWriter, r *http.Request) { b.send(w, r, "", b.insert) })
	mux.HandleFunc("GET /chats/{chat}/events", func(w http.ResponseWriter, r *http.Request) { b.events(w, r, r.PathValue("chat")) })
	mux.HandleFunc("POST "+sharedChats+"/{chat}/{side}/messages", func(w http.ResponseWriter, r *http.Request) {
		b.send(w, r, sharedPrefix, b.shared.insert)
	})
	mux.HandleFunc("GET "+sharedChats+"/{chat}/events", func(w http.ResponseWriter, r *http.Request) {
		b.events(w, r, sharedPrefix+r.PathValue("chat"))
	})
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

// insert stores a message by a statement and a commit of its own.
func (b *bare) insert(ctx context.Context, m *bareMessage) error {
	return b.pool.QueryRow(ctx, bareInsert, m.ChatID, m.SenderType, m.Content, m.ClientMessageID).Scan(&m.ID, &m.CreatedAt)
}

// send stores a message in the chat that the path names after the prefix, publishes it and answers.
func (b *bare) send(w http.ResponseWriter, r *http.Request, prefix string, insert func(context.Context, *bareMessage) error) {
	m := bareMessage{
		ChatID: prefix + r.PathValue("chat"), SenderType: r.PathValue("side"), SenderID: "anon-3f0c6c1e-6f4b-4a8e-9d0a-1f6f1d1f7a55",
		MessageType: "text", Status: "sent",
	}
	err := json.NewDecoder(r.Body).Decode(&m)
	if err == nil {
		err = insert(r.Context(), &m)
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

// publish publishes the encoded frame, which the streams write unchanged.
func (b *bare) publish(ctx context.Context, chat, event, id string, data []byte) error {
	frame := make([]byte, 0, len(data)+100)
	frame = append(frame, chat+"\n"...)
	frame = append(frame, "id: "+id+"\nevent: "+event+"\ndata: "...)
	frame = append(frame, data...)
	frame = append(frame, "\n\n"...)
	return b.memory.Publish(ctx, bareChannel, frame).Err()
}

// announce publishes one presence event to every stream.
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

// fanOut forwards published frames to the streams.
func (b *bare) fanOut(published <-chan *redis.Message) {
	for m := range published {
		chat, frame, _ := strings.Cut(m.Payload, "\n")
		raw := []byte(frame)
		b.mu.RLock()
		switch chat {
		case concurrently, inOneLoop:
			for _, streams := range b.streams {
				deliver(streams, raw, chat == inOneLoop)
			}
		default:
			deliver(b.streams[chat], raw, false)
		}
		b.mu.RUnlock()
	}
}

// deliver passes a frame to each stream: direct writes it at once, otherwise the stream's own goroutine writes it.
func deliver(streams map[*bareStream]bool, frame []byte, direct bool) {
	for s := range streams {
		if direct {
			_ = s.write(frame)
		} else {
			s.frames <- frame
		}
	}
}

func (b *bare) events(w http.ResponseWriter, r *http.Request, chat string) {
	s := &bareStream{frames: make(chan []byte, 256), w: w, flusher: w.(http.Flusher)}
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
