package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
)

// AssignRequest is what a user may send when asking for help. All of it is optional.
type AssignRequest struct {
	Message         string // stored in the chat, new or open; "" for none
	ClientMessageID string // idempotency key of the message
	Department      string // short name; "" for none
	PageURL         string // where the user asks: kept by a new chat, ignored for an open one
	PageTitle       string
	OwnOrigin       string  // see [Page]
	Site            string  // the origin of the site on which the user is, "" for none: it decides which questions are asked
	Answers         Answers // to these questions: stored in a new chat, ignored for an open one

	follows string // id of the ended chat after which a user asks again; "" for none
}

// Why a user waits.
const (
	NoAgentOnline = "no_available_service"
	AllBusy       = "all_services_busy"
)

// Assignment is what a user who asks for help gets.
type Assignment struct {
	Chat    Chat
	Agent   *Agent // nil while waiting
	Queue   QueueStatus
	Reason  string   // while waiting: NoAgentOnline or AllBusy
	Message *Message // the stored message, if there was one

	Questions []Question // that the user has not answered
}

// Assign returns the user's open chat, or starts one: with the online agent of least load who has capacity, or in the
// queue when there is none or other chats wait before it. A message is stored in the chat either way; sent again with
// its key, it is stored once.
//
// A message, key, address or title that is not valid, or a department that does not exist, is validation_failed. So is an answer
// that does not fit, and for a new chat none to a required question that is asked before the chat, unless Answers is nil. A user
// who was erased or has become another one by signing in is 401 unauthorized. A chat that ends while this runs is 409
// chat_ended.
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
	chat, found, err := d.openChat(ctx, userID)
	if err != nil {
		return nil, err
	}
	var message *Message
	if found && chat.IsMessage() { // the user asks for an agent now
		if err := d.continueLive(ctx, chat.ID); err != nil {
			return nil, err
		}
	}
	if found {
		if err := d.awaitDurable(ctx); err != nil {
			return nil, err
		}
		d.announceVersions(chatVersionOf(chat))
	} else {
		chat, message, err = d.startChat(ctx, userID, r, content, pageURL, pageTitle, nil)
		found = err == nil
		if violates(err, chatsOneOpenPerUser) { // another request of the user was faster
			chat, found, err = d.openChat(ctx, userID)
		}
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, errChatJustEnded
	}
	if content != "" && message == nil {
		n := NewMessage{Content: r.Message, ClientMessageID: r.ClientMessageID}
		if message, _, err = d.Send(ctx, UserActor(userID), chat.ID, n); err != nil {
			return nil, err
		}
	}
	return d.assignment(ctx, chat.ID, r.Site, message)
}

// errChatJustEnded is the refusal of a request whose chat ended while it ran.
var errChatJustEnded = conflict("chat_ended", "Your chat has just ended. Send the request again.")

// openChat returns the user's waiting or active chat, and false when there is none.
func (d *Desk) openChat(ctx context.Context, userID string) (c *Chat, found bool, err error) {
	c = new(Chat)
	err = d.queryPrepared(ctx, selectChats+`WHERE c.user_id = $1 AND c.status <> 'ended'`, []any{userID}, chatRow.scanTargets(c)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return c, err == nil, translate(err)
}

// startChat queues a new chat, with its first message unless content is "", and assigns what can be assigned at once. A bot that serves
// the department gets it before any person, also outside the opening hours.
// With an address the chat is a message. It returns the chat as it was queued. A user who has an open chat violates
// [chatsOneOpenPerUser].
func (d *Desk) startChat(
	ctx context.Context, userID string, r AssignRequest, content string, pageURL, pageTitle *string, leaves *contact,
) (*Chat, *Message, error) {
	var started *Chat
	var message *Message
	var department *string
	if r.Department != "" {
		department = &r.Department
	}
	answers, err := d.checkAnswers(d.QuestionsFor(r.Site, r.Department), r.Answers, func(q *Question) bool {
		return r.Answers != nil && q.Asked == AskedBefore
	})
	if err != nil {
		return nil, nil, err
	}
	estimate, err := d.estimatedWait(ctx, department) // before the queue's lock is taken, for which others wait
	if err != nil {
		return nil, nil, translate(err)
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		message = nil
		if err := lockQueue(ctx, t); err != nil {
			return err
		}
		c := &Chat{
			UserID: userID, Channel: ChannelChat, Department: department,
			PageURL: pageURL, PageTitle: pageTitle, EstimateKnown: &estimate.Known, EstimateDepartment: department,
		}
		var bot *Agent
		if leaves == nil {
			if bot, err = d.chooseBot(ctx, t, department); err != nil {
				return err
			}
		}
		if leaves != nil || bot != nil { // nothing was promised to the user
			c.EstimateKnown, c.EstimateDepartment = nil, nil
		} else if estimate.Known {
			c.EstimatedWaitSeconds = &estimate.Seconds
			c.EstimatedLowSeconds, c.EstimatedHighSeconds = &estimate.LowSeconds, &estimate.HighSeconds
		}
		if content != "" {
			c.AwaitingReplySince = ptr(t.now)
		}
		change, err := t.queueNew(ctx, c)
		if violates(err, chatsDepartmentFkey) {
			return invalid("department", fieldUnknown, "This department does not exist.")
		}
		if violates(err, chatsUserIDFkey) { // the user was erased or became another one meanwhile
			return ErrUnauthorized
		}
		if err != nil {
			return err
		}
		if content != "" {
			key, err := clientMessageID(r.ClientMessageID)
			if err != nil {
				return err
			}
			change.addUserMessage(content, key)
		}
		if leaves != nil {
			change.leaveMessage(*leaves)
			change.Chat.UserHereAt = &change.now
		}
		if content != "" {
			message = &change.Messages[0]
		}
		if r.follows != "" {
			change.addAgentLine(SystemAskedAgain, map[string]string{"chat_id": r.follows})
		}
		if err := t.storeAnswers(ctx, change, answers); err != nil {
			return err
		}
		if bot != nil {
			change.Chat.BotID = &bot.ID
			change.assign(bot)
		}
		if err := t.save(ctx, change); err != nil {
			return err
		}
		if err := d.confirmMessage(ctx, t, change); err != nil {
			return err
		}
		if _, err := d.drainBatch(ctx, t); err != nil {
			return err
		}
		t.requestDrain() // where more than a batch waits before this chat, the drain assigns those and then this one
		started = &change.Chat
		return d.recordPage(ctx, t, started, r.OwnOrigin)
	})
	return started, message, err
}

// queueNew inserts a chat at the end of the queue and returns its first change, to be saved. The caller holds the queue's lock, and sets
// what the chat is about. A user who has an open chat violates [chatsOneOpenPerUser].
func (t *tx) queueNew(ctx context.Context, c *Chat) (*chatChange, error) {
	queuedAt, err := newQueueTime(ctx, t)
	if err != nil {
		return nil, err
	}
	c.ID, c.Status = uuid.Must(uuid.NewV7()).String(), Waiting
	c.QueuedAt, c.UserSeenAt, c.CreatedAt = queuedAt, t.now, t.now
	if _, err := t.NewInsert().Model(c).ExcludeColumn("queue_id").Returning("queue_id").Exec(ctx); err != nil {
		return nil, err
	}
	change := t.change(c)
	change.queueCause = CauseJoined
	return change, nil
}

// newQueueTime returns the queue time of a new chat: now, but never before that of a chat that waits, even if
// PostgreSQL's clock was set back.
func newQueueTime(ctx context.Context, t *tx) (at time.Time, err error) {
	err = t.queryPrepared(ctx, `SELECT greatest($1, max(queued_at)) FROM chats WHERE status = 'waiting'`, []any{t.now}, &at)
	return at, err
}

// assignment reads the state of a chat after the user, who is on site, has asked for an agent, and adds the message that was stored.
func (d *Desk) assignment(ctx context.Context, chatID, site string, message *Message) (*Assignment, error) {
	a := &Assignment{Message: message}
	if err := d.queryPrepared(ctx, selectChat, []any{chatID}, chatRow.scanTargets(&a.Chat)...); err != nil {
		return nil, translate(err)
	}
	var err error
	if a.Questions, _, err = d.OpenQuestions(ctx, &a.Chat, site); err != nil {
		return nil, err
	}
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
		a.Reason = NoAgentOnline
	}
	return a, err
}
