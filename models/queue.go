package models

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// The states of a [QueueStatus].
const (
	StateWaiting    = "waiting"
	StateAssigned   = "assigned"
	StateNotInQueue = "not_in_queue"
)

// QueueStatus is a user's position in the queue. The chats of each department are a queue of their own, and so are
// those of none.
type QueueStatus struct {
	State       string
	QueueID     int64
	ChatID      string
	Position    int // 1 is next
	Estimate    Estimate
	WaitSeconds int
	QueuedAt    *time.Time
	AgentID     string
	AssignedAt  *time.Time
	Department  *string

	Channel      Channel      // of the chat; "" without one
	MessageOffer MessageOffer // while waiting live
}

// servingOrder is the order in which waiting chats are served: by priority, then those that came back from an agent,
// then by queue time. It has the columns of the index chats_queue_order.
const servingOrder = `-(priority::integer), (returned_at IS NULL), queued_at, queue_id`

// maxCounted bounds how many chats are counted for a position. A chat farther back gets its position from [queueCache].
const maxCounted = 200

// ahead and messagesAhead count the live chats, or messages, that are served before one, at most maxCounted, and how
// many of them are in its queue. The department is no condition of the inner SELECT: PostgreSQL estimates that hardly a
// row would pass it and reads every chat before this one, whereas without the condition it reads the first ones from
// the index, in order, and stops.
//
//	$2 department  $3 priority  $4 never came back  $5 queued_at  $6 queue_id  $7 maxCounted
const (
	ahead         = aheadFrom + isLive + aheadWhere
	messagesAhead = aheadFrom + isWaitingMessage + aheadWhere

	aheadFrom = `, count(*), count(*) FILTER (WHERE department IS NOT DISTINCT FROM $2)
	FROM (SELECT o.department FROM chats o WHERE `
	aheadWhere = `
		AND (-(o.priority::integer), (o.returned_at IS NULL), o.queued_at, o.queue_id)
			< (-$3::integer, $4::boolean, $5::timestamptz, $6::bigint)
		ORDER BY ` + servingOrder + ` LIMIT $7) ahead`
)

// The conditions of live chats that wait and of messages that do, each with an index of its own in serving order.
const (
	isLive           = `status = 'waiting' AND channel = 'chat'`
	isWaitingMessage = `status = 'waiting' AND channel = 'message'`
)

// positionOf returns a waiting chat's position in its queue, 1 for the next, and an estimator read by the same
// statement.
func (d *Desk) positionOf(ctx context.Context, c *Chat) (int, *estimator, error) {
	var all, before int
	args := []any{c.Department, c.Priority, c.ReturnedAt == nil, c.QueuedAt, c.QueueID, maxCounted}
	if c.IsMessage() { // how far back one is matters little: its user does not watch it
		e, err := d.estimator(ctx, messagesAhead, args, &all, &before)
		return before + 1, e, err
	}
	e, err := d.estimator(ctx, ahead, args, &all, &before)
	if err == nil && all >= maxCounted {
		before, err = d.queueCache.aheadOf(ctx, d, c, before)
	}
	return before + 1, e, err
}

// queueStatusOf returns the status of a waiting chat.
func (d *Desk) queueStatusOf(ctx context.Context, c *Chat) (QueueStatus, error) {
	position, e, err := d.positionOf(ctx, c)
	if err != nil {
		return QueueStatus{}, translate(err)
	}
	return d.waitingStatus(c, position, e), nil
}

func (d *Desk) waitingStatus(c *Chat, position int, e *estimator) QueueStatus {
	waited := max(0, e.now.Sub(c.WaitsSince()))
	s := QueueStatus{
		State: StateWaiting, QueueID: c.QueueID, ChatID: c.ID,
		Position: position, Estimate: e.at(position, c.Department),
		WaitSeconds: int(waited.Seconds()), QueuedAt: &c.QueuedAt, Department: c.Department, Channel: c.Channel,
	}
	if c.IsMessage() {
		s.Estimate.Known = false
	} else {
		s.MessageOffer = d.messageOffer(c.Department, e.now, position, s.Estimate, waited)
	}
	return s
}

// estimatedWait returns the estimated wait of a chat that is about to be queued as the last of its queue.
func (d *Desk) estimatedWait(ctx context.Context, department *string) (Estimate, error) {
	position, e, err := d.positionOf(ctx, lastInQueue(department))
	if err != nil {
		return Estimate{}, err
	}
	return e.at(position, department), nil
}

// QueueStatus returns the state of the user: waiting with a position, assigned, or not_in_queue.
func (d *Desk) QueueStatus(ctx context.Context, userID string) (QueueStatus, error) {
	c, found, err := d.openChat(ctx, userID)
	switch {
	case err != nil:
		return QueueStatus{}, err
	case !found:
		return QueueStatus{State: StateNotInQueue}, nil
	case c.Status == Active:
		return QueueStatus{
			State: StateAssigned, ChatID: c.ID, AgentID: c.ServedBy(), AssignedAt: c.AssignedAt,
			QueueID: c.QueueID, QueuedAt: &c.QueuedAt, Department: c.Department, Channel: c.Channel,
		}, nil
	}
	return d.queueStatusOf(ctx, c)
}

// WaitingPosition is the position of one waiting user.
type WaitingPosition struct {
	UserID string
	Status QueueStatus
}

// WaitingPositions returns the positions of all users who wait live, in serving order, by one query over the queue.
func (d *Desk) WaitingPositions(ctx context.Context) ([]WaitingPosition, error) {
	began := time.Now()
	var ids, users []string
	var departments []*string
	var queueIDs []int64
	var queuedAt []time.Time
	var liveAt []*time.Time
	e, err := d.estimator(ctx, `, coalesce(array_agg(id::text), '{}'), coalesce(array_agg(user_id), '{}'),
			coalesce(array_agg(department), '{}'), coalesce(array_agg(queue_id), '{}'), coalesce(array_agg(queued_at), '{}'),
			coalesce(array_agg(live_at), '{}')
		FROM (SELECT id, user_id, department, queue_id, queued_at, live_at FROM chats WHERE `+isLive+` ORDER BY `+servingOrder+`) line`,
		nil, &ids, &users, &departments, &queueIDs, &queuedAt, &liveAt)
	if err != nil {
		return nil, translate(err)
	}
	positions := make([]WaitingPosition, len(ids))
	lengths := map[string]int{}
	for i := range ids {
		c := &Chat{
			ID:         ids[i],
			Department: departments[i],
			QueueID:    queueIDs[i],
			QueuedAt:   queuedAt[i],
			LiveAt:     liveAt[i],
			Channel:    ChannelChat,
		}
		positions[i] = WaitingPosition{UserID: users[i], Status: d.waitingStatus(c, nextIn(lengths, c.Department), e)}
	}
	d.queueCache.store(positions, lengths, began)
	return positions, nil
}

// nextIn counts one more chat of a department's queue and returns how many there are now.
func nextIn(lengths map[string]int, department *string) int {
	name := deref(department)
	lengths[name]++
	return lengths[name]
}

// queueRow is a waiting chat with what is shown of its user.
type queueRow struct {
	Chat
	UserName string
	Verified bool
}

// waiting returns the live chats, or the messages, that wait and that a filter lets pass, in serving order.
func (d *Desk) waiting(ctx context.Context, f QueueFilter, messages bool) ([]queueRow, error) {
	args, waits := []any{}, `c.status = 'waiting' AND c.channel = 'chat'`
	if messages {
		waits = `c.status = 'waiting' AND c.channel = 'message'`
	}
	query := `SELECT ` + chatRow.selectList("c") + `, coalesce(u.name, ''), u.is_verified
		FROM chats c JOIN users u ON u.id = c.user_id WHERE ` + waits
	if f.Department != "" {
		query, args = query+` AND c.department = $1`, append(args, f.Department)
	}
	query += ` ORDER BY ` + servingOrder
	if f.First > 0 {
		args = append(args, f.First)
		query += ` LIMIT $` + strconv.Itoa(len(args))
	}
	all := []queueRow{}
	err := d.queryPreparedRows(ctx, query, args, func(rows pgx.Rows) error {
		var row queueRow
		err := rows.Scan(chatRow.scanTargets(&row.Chat, &row.UserName, &row.Verified)...)
		all = append(all, row)
		return err
	})
	return all, err
}

// CancelQueue takes the user out of the queue: the waiting chat ends as cancelled. A user without a waiting chat gets
// 409 not_in_queue.
func (d *Desk) CancelQueue(ctx context.Context, userID string) error {
	c, found, err := d.openChat(ctx, userID)
	if err != nil {
		return err
	}
	if !found || c.Status != Waiting {
		return conflict("not_in_queue", "You are not in the queue.")
	}
	_, err = d.endChat(ctx, UserActor(userID), c.ID, "", nil, Waiting)
	if errors.Is(err, ErrChatEnded) {
		return conflict("not_in_queue", "You are not in the queue.")
	}
	return err
}

// OnlineCount returns how many agents are online, with capacity or without.
func (d *Desk) OnlineCount(ctx context.Context) (n int, err error) {
	err = d.queryPrepared(ctx, `SELECT count(*) FROM agents a CROSS JOIN pulse p WHERE a.choice = 'online' AND a.disabled_at IS NULL
			AND `+lastSign+` >= clock_timestamp() - make_interval(secs => $1)`,
		[]any{d.Settings().PresenceTimeout.Seconds()}, &n)
	return n, translate(err)
}

// seconds returns whole seconds as an argument of a system message, never less than 0.
func seconds(d time.Duration) string { return strconv.Itoa(max(0, int(d.Seconds()))) }
