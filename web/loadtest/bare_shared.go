package main

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// sharedChats is the path of the chats whose messages share commits. sharedPrefix begins their ids.
	sharedChats  = "/shared"
	sharedPrefix = "shared-"

	bareInsertMany = `INSERT INTO bare_messages (chat_id, sender_type, content, client_message_id)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) RETURNING id, created_at, chat_id, client_message_id`
	maxShared = 64 // the same as the program
)

// bareBatcher stores messages as the program does: one statement at a time, and those that arrive while it runs share the next one.
type bareBatcher struct {
	pool *pgxpool.Pool

	mu      sync.Mutex
	waiting []*sharedInsert
	running bool
}

// sharedInsert is a message that is to be stored. done gets the result.
type sharedInsert struct {
	m    *bareMessage
	done chan error
}

// insert stores a message and sets its id and time.
func (b *bareBatcher) insert(ctx context.Context, m *bareMessage) error {
	p := &sharedInsert{m, make(chan error, 1)}
	b.mu.Lock()
	b.waiting = append(b.waiting, p)
	if !b.running {
		b.running = true
		go b.run()
	}
	b.mu.Unlock()
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run stores what waits until nothing does.
func (b *bareBatcher) run() {
	for {
		b.mu.Lock()
		n := min(len(b.waiting), maxShared)
		batch := b.waiting[:n]
		b.waiting, b.running = b.waiting[n:], n > 0
		b.mu.Unlock()
		if n == 0 {
			return
		}
		err := b.store(batch)
		for _, p := range batch {
			p.done <- err
		}
	}
}

func (b *bareBatcher) store(batch []*sharedInsert) error {
	var chats, senders, contents, keys []string
	byKey := map[string]*bareMessage{}
	for _, p := range batch {
		chats, senders = append(chats, p.m.ChatID), append(senders, p.m.SenderType)
		contents, keys = append(contents, p.m.Content), append(keys, p.m.ClientMessageID)
		byKey[p.m.ChatID+" "+p.m.ClientMessageID] = p.m
	}
	rows, err := b.pool.Query(context.Background(), bareInsertMany, chats, senders, contents, keys)
	if err != nil {
		return err
	}
	var stored bareMessage
	_, err = pgx.ForEachRow(rows, []any{&stored.ID, &stored.CreatedAt, &stored.ChatID, &stored.ClientMessageID}, func() error {
		m := byKey[stored.ChatID+" "+stored.ClientMessageID]
		m.ID, m.CreatedAt = stored.ID, stored.CreatedAt
		return nil
	})
	return err
}
