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
	// maxStoring is with how many messages being stored the next one waits, to share a statement with others. With 4, at 1,000 messages a
	// second on 2 cores, the statements of single messages take so much time from one another that the queue may grow for seconds.
	maxStoring = 2
	maxBatch   = 64
	// slowAfter is how long the messages of a statement count as being stored. One that takes longer waits for a lock, or PostgreSQL is
	// busy.
	slowAfter = 20 * time.Millisecond
	// batchTimeout is longer than a statement may take.
	batchTimeout = 6 * time.Second
)

// errNotStored means that a message was not stored because the sender may not write in the chat now or the idempotency
// key was used before. Which of these it was is found out by [Desk.answerRepeatedSend], outside the hot path.
var errNotStored = errors.New("the message was not stored")

// messageBatcher stores messages. While few are being stored, a message is stored at once by a statement of its own. The others wait and
// share the next statement, and its commit: the more arrive, the less each one costs.
type messageBatcher struct {
	desk *Desk

	mu      sync.Mutex
	waiting []*pendingMessage
	storing map[string]bool // chats with a message in a statement that runs
}

// pendingMessage is a message that is being stored.
type pendingMessage struct {
	from                      SenderType
	mayJoin                   bool // the sender may also write in the chats that the sender joined
	chatID, senderID, content string
	key                       *string // client_message_id

	// done is closed when the batch with the message has run. Then either stored or err is set, or neither when the
	// message was left out and has to be stored alone.
	done   chan struct{}
	stored *Message
	chat   *Chat // as it was stored with the message
	err    error
}

func newPendingMessage(actor Actor, chatID, content string, key *string) *pendingMessage {
	return &pendingMessage{
		from: actor.senderType(), mayJoin: actor.AtLeast(RoleSupervisor), chatID: chatID, senderID: actor.ID, content: content, key: key,
	}
}

// send stores a message and returns it as stored, or [errNotStored]. A message that waits is withdrawn when the context
// ends; one that is being stored by then may be stored all the same.
func (b *messageBatcher) send(ctx context.Context, p *pendingMessage) (*Message, error) {
	b.mu.Lock()
	if len(b.storing) < maxStoring && !b.storing[p.chatID] {
		b.storing[p.chatID] = true
		b.mu.Unlock()
		end := b.begin(p)
		defer func() {
			if next := end(); len(next) > 0 {
				go b.insertBatches(next)
			}
		}()
		return b.insertOne(ctx, p)
	}
	p.done = make(chan struct{})
	b.waiting = append(b.waiting, p)
	b.mu.Unlock()
	select {
	case <-p.done:
	case <-ctx.Done():
		b.mu.Lock()
		b.waiting = slices.DeleteFunc(b.waiting, func(other *pendingMessage) bool { return other == p })
		b.mu.Unlock()
		return nil, ctx.Err()
	}
	if p.stored != nil || p.err != nil {
		return p.stored, p.err
	}
	return b.insertOne(ctx, p) // this waits for the chat's lock, and its error concerns this message alone
}

// begin is called before a statement that stores messages. The function that it returns is called after the statement and returns the
// messages to store next, if any wait. For a slow statement it returns none: they are stored while that still runs.
func (b *messageBatcher) begin(messages ...*pendingMessage) (end func() (next []*pendingMessage)) {
	slow := time.AfterFunc(slowAfter, func() { b.insertBatches(b.takeBatch(messages)) })
	return func() []*pendingMessage {
		if !slow.Stop() {
			return nil
		}
		return b.takeBatch(messages)
	}
}

// insertBatches stores the messages of a batch, then those that came in the meantime, until none waits. It is one goroutine for all of
// them, because the stack of a new one would have to grow first.
func (b *messageBatcher) insertBatches(batch []*pendingMessage) {
	for len(batch) > 0 {
		end := b.begin(batch...)
		b.insertBatch(batch)
		batch = end()
	}
}

// takeBatch removes and returns the messages to store next, in the order in which they came. A message waits for one of its own chat that
// is being stored: it would wait for the lock of the chat's row, on a connection.
func (b *messageBatcher) takeBatch(stored []*pendingMessage) []*pendingMessage {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range stored {
		delete(b.storing, p.chatID)
	}
	if len(b.storing) >= maxStoring {
		return nil
	}
	var taken []*pendingMessage
	b.waiting = slices.DeleteFunc(b.waiting, func(p *pendingMessage) bool {
		if b.storing[p.chatID] || len(taken) == maxBatch {
			return false
		}
		b.storing[p.chatID] = true
		taken = append(taken, p)
		return true
	})
	return taken
}

// insertOne stores and publishes one message, or returns [errNotStored].
func (b *messageBatcher) insertOne(ctx context.Context, p *pendingMessage) (*Message, error) {
	var chat Chat
	var id int64
	err := b.desk.queryPrepared(ctx, b.desk.storeStatements().one, p.args(), chatRow.scanTargets(&chat, &id)...)
	if errors.Is(err, sql.ErrNoRows) || violates(err, messagesClientMessageIDUnique) {
		return nil, errNotStored
	}
	if err != nil {
		b.desk.uncertain.addChats(err, p.chatID)
		return nil, err
	}
	change := p.change(chat, id)
	p.chat = &change.Chat
	b.desk.publish([]Event{{Kind: KindChange, Change: change}})
	b.desk.countStored(1)
	return &change.Messages[0], nil
}

// insertBatch stores and publishes the messages that can be stored at once. The others are left to their senders, who
// store them one by one: a batch waits for no locked chat, and a message that PostgreSQL refuses must not fail the
// other messages of the batch.
func (b *messageBatcher) insertBatch(all []*pendingMessage) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	chatIDs, senderIDs := make([]string, len(all)), make([]string, len(all))
	contents, keys := make([]string, len(all)), make([]*string, len(all))
	sides, mayJoin := make([]string, len(all)), make([]bool, len(all))
	byChat := make(map[string]*pendingMessage, len(all))
	for i, p := range all {
		chatIDs[i], senderIDs[i], contents[i], keys[i] = p.chatID, p.senderID, p.content, p.key
		sides[i], mayJoin[i] = string(p.from), p.mayJoin
		byChat[p.chatID] = p
	}
	events := make([]Event, 0, len(all))
	args := []any{chatIDs, senderIDs, contents, keys, sides, mayJoin}
	err := b.desk.queryPreparedRows(ctx, b.desk.storeStatements().batch, args, func(rows pgx.Rows) error {
		var chat Chat
		var id int64
		if err := rows.Scan(chatRow.scanTargets(&chat, &id)...); err != nil {
			return err
		}
		events = append(events, Event{Kind: KindChange, Change: byChat[chat.ID].change(chat, id)})
		return nil
	})
	if err == nil {
		for i := range events {
			p := byChat[events[i].Change.Chat.ID]
			p.stored, p.chat = &events[i].Change.Messages[0], &events[i].Change.Chat
		}
	} else {
		b.desk.uncertain.addChats(err, chatIDs...)
	}
	for _, p := range all {
		if err != nil && isUnavailable(err) {
			p.err = err
		}
		close(p.done)
	}
	if err == nil {
		b.desk.publish(events)
		b.desk.countStored(len(events))
	}
}
