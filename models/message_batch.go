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
	// slowAfter is how long a statement holds the slot. One that takes longer waits for a lock, or PostgreSQL is busy.
	slowAfter = 20 * time.Millisecond
	maxBatch  = 64
	// batchTimeout is longer than a statement may take.
	batchTimeout = 6 * time.Second
)

// errNotStored means that a message was not stored because the sender may not write in the chat now or the idempotency
// key was used before. Which of these it was is found out by [Desk.answerRepeatedSend], outside the hot path.
var errNotStored = errors.New("the message was not stored")

// messageBatcher stores messages. One slot bounds how many statements run: a message that finds it free is stored at once by
// a statement of its own; those that arrive in the meantime wait and share the next statement of their side, and its commit.
// The more arrive, the less each one costs.
type messageBatcher struct {
	desk *Desk

	mu      sync.Mutex
	waiting []*pendingMessage
	running bool // the slot is taken
}

// pendingMessage is a message that is being stored.
type pendingMessage struct {
	side                      *senderQueries
	chatID, senderID, content string
	key                       *string // client_message_id

	// done is closed when the batch with the message has run. Then either stored or err is set, or neither when the
	// message was left out and has to be stored alone.
	done   chan struct{}
	stored *Message
	err    error
}

// send stores a message and returns it as stored, or [errNotStored]. A message that waits is withdrawn when the context
// ends; one that is being stored by then may be stored all the same.
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
	return g.insertOne(ctx, o) // this waits for the chat's lock, and its error concerns this message alone
}

// holdSlot returns a function that frees the slot after a statement. A slow statement frees it by itself, once.
func (g *messageBatcher) holdSlot() func() {
	end := sync.OnceFunc(g.startNext)
	slow := time.AfterFunc(slowAfter, end)
	return func() { slow.Stop(); end() }
}

// startNext stores the messages that wait, if there are any, in the background.
func (g *messageBatcher) startNext() {
	if batch := g.takeBatch(); len(batch) > 0 {
		go func() {
			defer g.holdSlot()()
			g.insertBatch(batch[0].side, batch)
		}()
	}
}

// takeBatch removes and returns the messages to store next, in the order in which they came: those from the same side
// as the one that waits longest, at most one of each chat. Without any it frees the slot.
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

// insertOne stores and publishes one message, or returns [errNotStored].
func (g *messageBatcher) insertOne(ctx context.Context, o *pendingMessage) (*Message, error) {
	var chat Chat
	var id int64
	err := g.desk.queryPrepared(ctx, o.side.oneSQL, []any{o.chatID, o.senderID, o.content, o.key}, chatRow.scanTargets(&chat, &id)...)
	if errors.Is(err, sql.ErrNoRows) || violates(err, messagesClientMessageIDUnique) {
		return nil, errNotStored
	}
	if err != nil {
		g.desk.uncertain.addChats(err, o.chatID)
		return nil, err
	}
	change := o.side.newMessageChange(o, chat, id)
	g.desk.publish([]Event{{Kind: KindChange, Change: change}})
	return &change.Messages[0], nil
}

// insertBatch stores and publishes the messages that can be stored at once. The others are left to their senders, who
// store them one by one: a batch waits for no locked chat, and a message that PostgreSQL refuses must not fail the
// other messages of the batch.
func (g *messageBatcher) insertBatch(side *senderQueries, all []*pendingMessage) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	chatIDs, senderIDs := make([]string, len(all)), make([]string, len(all))
	contents, keys := make([]string, len(all)), make([]*string, len(all))
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
