package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// slowAfter is when a statement that runs no longer keeps others from going: it waits for a lock, or PostgreSQL is busy.
	slowAfter = 20 * time.Millisecond
	maxBatch  = 64
	// batchTimeout is longer than a statement may take.
	batchTimeout = 6 * time.Second
)

// messageBatcher stores messages. One that comes alone is stored at once by a statement of its own; those that come while it is being stored share
// the next statement of their side, and its commit: the more come, the less each costs.
type messageBatcher struct {
	desk *Desk

	mu      sync.Mutex
	waiting []*pendingMessage
	running bool // somebody has the turn
}

// pendingMessage is a message on its way.
type pendingMessage struct {
	side                      *senderQueries
	chatID, senderID, content string
	key                       *string

	done   chan struct{}
	stored *Message // nil when it was refused, or has to be stored by itself
	err    error
}

// send stores a message and returns it; nil without an error when the sender may not speak or the key was used.
func (g *messageBatcher) send(ctx context.Context, o *pendingMessage) (*Message, error) {
	g.mu.Lock()
	if !g.running {
		g.running = true
		g.mu.Unlock()
		defer g.holdSlot()()
		return g.insertOne(ctx, o)
	}
	o.done = make(chan struct{})
	g.waiting = append(g.waiting, o)
	g.mu.Unlock()
	select {
	case <-o.done:
	case <-ctx.Done():
		g.mu.Lock()
		g.waiting = slices.DeleteFunc(g.waiting, func(other *pendingMessage) bool { return other == o })
		g.mu.Unlock()
		return nil, ctx.Err()
	}
	if o.stored != nil || o.err != nil {
		return o.stored, o.err
	}
	return g.insertOne(ctx, o) // it waits for whoever holds the chat, or is told what is wrong
}

// holdSlot returns what ends the turn of a statement: once it has run, or by itself when it is slow.
func (g *messageBatcher) holdSlot() func() {
	end := sync.OnceFunc(g.startNext)
	slow := time.AfterFunc(slowAfter, end)
	return func() { slow.Stop(); end() }
}

// startNext gives the turn to those who wait, or to nobody.
func (g *messageBatcher) startNext() {
	if together := g.takeBatch(); together != nil {
		go func() {
			defer g.holdSlot()()
			g.insertBatch(together[0].side, together)
		}()
	}
}

// takeBatch returns whose messages go next: those of the side of whoever waits longest, at most one of each chat, in the order in which they came.
// The turn is over when nobody waits.
func (g *messageBatcher) takeBatch() []*pendingMessage {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.running = false
		return nil
	}
	taken, chats, side := []*pendingMessage{}, map[string]bool{}, g.waiting[0].side
	g.waiting = slices.DeleteFunc(g.waiting, func(o *pendingMessage) bool {
		if o.side != side || chats[o.chatID] || len(taken) == maxBatch {
			return false
		}
		chats[o.chatID] = true
		taken = append(taken, o)
		return true
	})
	return taken
}

func (g *messageBatcher) insertOne(ctx context.Context, o *pendingMessage) (*Message, error) {
	var chat Chat
	var id int64
	err := g.desk.queryPrepared(ctx, o.side.oneSQL, []any{o.chatID, o.senderID, o.content, o.key}, chatRow.scanTargets(&chat, &id)...)
	if errors.Is(err, sql.ErrNoRows) || violates(err, "messages_client_message_id_unique") {
		return nil, nil
	}
	if err != nil {
		g.desk.uncertain.addChats(err, o.chatID)
		return nil, err
	}
	change := o.side.newMessageChange(o, chat, id)
	g.desk.publish([]Event{{Kind: KindChange, Change: change}})
	return &change.Messages[0], nil
}

// insertBatch stores what can be stored at once. The rest is left to whoever sent it: a chat that somebody else holds is not waited for, and one
// message that PostgreSQL does not take must not keep out the others.
func (g *messageBatcher) insertBatch(side *senderQueries, all []*pendingMessage) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	chatIDs, senderIDs, contents, keys := make([]string, len(all)), make([]string, len(all)), make([]string, len(all)), make([]*string, len(all))
	byChat := make(map[string]*pendingMessage, len(all))
	for i, o := range all {
		chatIDs[i], senderIDs[i], contents[i], keys[i] = o.chatID, o.senderID, o.content, o.key
		byChat[o.chatID] = o
	}
	events := make([]Event, 0, len(all))
	err := g.desk.queryPreparedRows(ctx, side.batchSQL, []any{chatIDs, senderIDs, contents, keys}, func(rows pgx.Rows) error {
		var chat Chat
		var id int64
		if err := rows.Scan(chatRow.scanTargets(&chat, &id)...); err != nil {
			return err
		}
		events = append(events, Event{Kind: KindChange, Change: side.newMessageChange(byChat[chat.ID], chat, id)})
		return nil
	})
	if err == nil {
		for i := range events {
			byChat[events[i].Change.Chat.ID].stored = &events[i].Change.Messages[0]
		}
		g.desk.publish(events)
	} else {
		g.desk.uncertain.addChats(err, chatIDs...)
	}
	for _, o := range all {
		if err != nil && isUnavailable(err) {
			o.err = err
		}
		close(o.done)
	}
}
