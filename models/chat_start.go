package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
)

// AssignRequest is what a user may say when asking for help.
type AssignRequest struct {
	Message         string // stored in the chat, new or open; "" for none
	ClientMessageID string
	Department      string // short name; "" for none
	PageURL         string
	PageTitle       string
}

// Why a user waits.
const (
	NobodyOnline = "no_available_service"
	AllBusy      = "all_services_busy"
)

// Assignment is where an asking user stands.
type Assignment struct {
	Chat    Chat
	Agent   *Agent // nil while waiting
	Queue   QueueStatus
	Reason  string   // while waiting: NobodyOnline or AllBusy
	Message *Message // the stored message, if there was one
}

// Assign gives the user an agent, or a place in the queue: the open chat again if there is one; else the online agent of least
// load with room, if nobody waits ahead; else a waiting chat. A department that does not exist is validation_failed.
func (d *Desk) Assign(ctx context.Context, userID string, r AssignRequest) (*Assignment, error) {
	content, err := d.messageText("message", r.Message, 0, maxContent)
	if err != nil {
		return nil, err
	}
	if _, err := clientMessageID(r.ClientMessageID); err != nil {
		return nil, err
	}
	pageURL, err := optionalText("page_url", oneLine(r.PageURL), 2000)
	if err != nil {
		return nil, err
	}
	pageTitle, err := optionalText("page_title", oneLine(r.PageTitle), 300)
	if err != nil {
		return nil, err
	}
	chat, err := d.openChat(ctx, userID)
	if err != nil {
		return nil, err
	}
	var message *Message
	if chat != nil {
		d.announceVersions(chatVersionOf(chat))
	} else {
		chat, message, err = d.startChat(ctx, userID, r, content, pageURL, pageTitle)
		if violates(err, "chats_one_open_per_user") { // the other tab was faster
			chat, err = d.openChat(ctx, userID)
		}
		if err != nil {
			return nil, err
		}
	}
	if chat == nil {
		return nil, conflict("chat_ended", "Your chat has just ended. Send the request again.")
	}
	if content != "" && message == nil {
		if message, _, err = d.Send(ctx, UserActor(userID), chat.ID, NewMessage{Content: r.Message, ClientMessageID: r.ClientMessageID}); err != nil {
			return nil, err
		}
	}
	return d.assignment(ctx, chat.ID, message)
}

func (d *Desk) openChat(ctx context.Context, userID string) (*Chat, error) {
	c := new(Chat)
	err := d.db.NewRaw(`SELECT * FROM chats WHERE user_id = ? AND status <> 'ended'`, userID).Scan(ctx, c)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return c, translate(err)
}

func (d *Desk) startChat(ctx context.Context, userID string, r AssignRequest, content string, pageURL, pageTitle *string) (*Chat, *Message, error) {
	var started *Chat
	var message *Message
	var department *string
	if r.Department != "" {
		department = &r.Department
	}
	predicted, err := d.predict(ctx, department) // not while others wait for the queue's lock
	if err != nil {
		return nil, nil, translate(err)
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		message = nil
		if err := lockQueue(ctx, t); err != nil {
			return err
		}
		queuedAt, err := newQueueTime(ctx, t)
		if err != nil {
			return err
		}
		c := &Chat{ID: uuid.Must(uuid.NewV7()).String(), UserID: userID, Status: Waiting, QueuedAt: queuedAt, UserSeenAt: t.now, CreatedAt: t.now,
			Department: department, EstimatedWaitSeconds: predicted, PageURL: pageURL, PageTitle: pageTitle}
		if content != "" {
			c.AwaitingReplySince = ptr(t.now)
		}
		_, err = t.NewInsert().Model(c).ExcludeColumn("queue_id").Returning("queue_id").Exec(ctx)
		if violates(err, "chats_department_fkey") {
			return invalid("department", fieldUnknown, "This department does not exist.")
		}
		if violates(err, "chats_user_id_fkey") { // the user has become somebody else, or was erased, at this very moment
			return unauthorized()
		}
		if err != nil {
			return err
		}
		if content != "" {
			key, err := clientMessageID(r.ClientMessageID)
			if err != nil {
				return err
			}
			if message, err = t.insertMessage(ctx, c, Message{SenderType: FromUser, SenderID: userID, Type: Text, Content: content, ClientMessageID: key}); err != nil {
				return err
			}
			c.LastMessageAt, c.LastSender, c.UnreadByAgent = ptr(t.now), ptr(FromUser), 1
		}
		if err := saveChat(ctx, t, c); err != nil {
			return err
		}
		change := Change{Chat: *c}
		if message != nil {
			change.Messages = []Message{*message}
		}
		t.emit(Event{Kind: KindChange, Change: &change})
		if _, err := d.drainBatch(ctx, t); err != nil {
			return err
		}
		t.emitQueueChange(CauseJoined, c)
		t.requestDrain() // whoever was ahead by more than a batch is served by the drain, and then this one
		started = c
		return nil
	})
	return started, message, err
}

// newQueueTime returns the time under which a new chat queues: now, but never before anybody who waits, should PostgreSQL's clock have been set back.
func newQueueTime(ctx context.Context, t *tx) (at time.Time, err error) {
	err = t.NewRaw(`SELECT greatest(?, max(queued_at)) FROM chats WHERE status = 'waiting'`, t.now).Scan(ctx, &at)
	return at, err
}

// assignment tells how a chat stands after it was asked for.
func (d *Desk) assignment(ctx context.Context, chatID string, message *Message) (*Assignment, error) {
	a := &Assignment{Message: message}
	if err := d.db.NewRaw(`SELECT * FROM chats WHERE id = ?`, chatID).Scan(ctx, &a.Chat); err != nil {
		return nil, translate(err)
	}
	var err error
	if a.Chat.AgentID != nil {
		a.Agent, err = d.AgentByID(ctx, *a.Chat.AgentID)
		return a, err
	}
	if a.Queue, err = d.queueStatusOf(ctx, &a.Chat); err != nil {
		return nil, err
	}
	online, err := d.OnlineCount(ctx)
	a.Reason = AllBusy
	if online == 0 {
		a.Reason = NobodyOnline
	}
	return a, err
}
