package models

import (
	"context"
	"math"
	"strconv"
	"time"
)

// The states of a [QueueStatus].
const (
	StateWaiting    = "waiting"
	StateAssigned   = "assigned"
	StateNotInQueue = "not_in_queue"
)

// QueueStatus is a user's place. A department's chats, and those that ask for none, are a line each.
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
}

// Estimate is how long a wait is expected to be. Unknown (nobody who could answer is online) is said in words; Seconds then still holds
// a figure, for clients that decode one: the wait if a single agent of usual capacity came online.
type Estimate struct {
	Known                   bool
	Seconds                 int
	LowSeconds, HighSeconds int
}

// defaultHandling stands for the handling time until a first chat has ended.
const defaultHandling = 5 * time.Minute

// handlingTime is the recent mean handling time, kept for a few seconds.
type handlingTime struct {
	mean time.Duration
	at   time.Time
}

const handlingFreshFor = 5 * time.Second

// recentHandling returns the exponentially weighted mean handling time (assigned → ended) of the last 50 chats, each newer one weighing 0.1 against
// 0.9 for all before it (the weights of Salesforce's estimated wait time); 5 minutes before there are any.
func (d *Desk) recentHandling(ctx context.Context, db rawQuerier) (time.Duration, error) {
	if kept := d.handling.Load(); kept != nil && time.Since(kept.at) < handlingFreshFor {
		return kept.mean, nil
	}
	var recent []float64
	err := db.NewRaw(`SELECT extract(epoch FROM ended_at - coalesce(first_assigned_at, assigned_at))::float8 FROM chats
		WHERE status = 'ended' AND assigned_at IS NOT NULL ORDER BY ended_at DESC LIMIT 50`).Scan(ctx, &recent)
	if err != nil {
		return 0, err
	}
	mean := weightedMean(recent)
	d.handling.Store(&handlingTime{mean, time.Now()})
	return mean, nil
}

// weightedMean takes handling times in seconds, newest first.
func weightedMean(recent []float64) time.Duration {
	if len(recent) == 0 {
		return defaultHandling
	}
	mean := recent[len(recent)-1]
	for i := len(recent) - 2; i >= 0; i-- {
		mean = 0.9*mean + 0.1*recent[i]
	}
	return time.Duration(mean * float64(time.Second))
}

// crew is the capacity of those online who serve one line.
type crew struct{ agents, slots, load int }

func crewOf(agents []*Agent, department *string) crew {
	var c crew
	for _, a := range agents {
		if a.Presence == Online && a.Serves(department) && a.MaxConcurrent > 0 {
			c.agents++
			c.slots += a.MaxConcurrent
			c.load += min(a.Load, a.MaxConcurrent)
		}
	}
	return c
}

// estimate returns the expected wait at a position: with S slots that free up independently, one frees on average every handling/S, so the
// place is reached after (position − free) such intervals (the mean of an M/M/S queue that is full; Erlang). The range is half to one and a
// half of it, the middle of what such waits scatter over.
func estimate(position int, c crew, handling time.Duration) Estimate {
	known := c.agents > 0
	if !known {
		c = crew{slots: 5, load: 5}
	}
	ahead := max(0, position-(c.slots-c.load))
	seconds := float64(ahead) * handling.Seconds() / float64(c.slots)
	return Estimate{Known: known, Seconds: int(math.Ceil(seconds)), LowSeconds: int(seconds / 2), HighSeconds: int(math.Ceil(seconds * 1.5))}
}

const linePosition = `(SELECT count(*) FROM chats o WHERE o.status = 'waiting' AND o.department IS NOT DISTINCT FROM c.department
	AND (-o.priority, (o.returned_at IS NULL)::int, o.queued_at, o.queue_id) <= (-c.priority, (c.returned_at IS NULL)::int, c.queued_at, c.queue_id))`

func (d *Desk) queueStatusOf(ctx context.Context, c *Chat) (QueueStatus, error) {
	var row struct {
		Position int
		Now      time.Time
	}
	err := d.db.NewRaw(`SELECT `+linePosition+` AS position, clock_timestamp() AS now FROM chats c WHERE c.id = ?`, c.ID).Scan(ctx, &row)
	if err != nil {
		return QueueStatus{}, translate(err)
	}
	e, err := d.estimator(ctx, d.db)
	if err != nil {
		return QueueStatus{}, translate(err)
	}
	return waitingStatus(c, max(1, row.Position), e, row.Now), nil
}

// estimator holds what estimates need, read once.
type estimator struct {
	agents   []*Agent
	handling time.Duration
}

func (e estimator) at(position int, department *string) Estimate {
	return estimate(position, crewOf(e.agents, department), e.handling)
}

func (d *Desk) estimator(ctx context.Context, db rawQuerier) (estimator, error) {
	all, err := d.agents(ctx, db, `WHERE a.choice = 'online' AND a.disabled_at IS NULL`)
	if err != nil {
		return estimator{}, err
	}
	e := estimator{}
	for i := range all {
		e.agents = append(e.agents, &all[i])
	}
	e.handling, err = d.recentHandling(ctx, db)
	return e, err
}

func waitingStatus(c *Chat, position int, e estimator, now time.Time) QueueStatus {
	return QueueStatus{State: StateWaiting, QueueID: c.QueueID, ChatID: c.ID, Position: position, Estimate: e.at(position, c.Department),
		WaitSeconds: max(0, int(now.Sub(c.QueuedAt).Seconds())), QueuedAt: &c.QueuedAt, Department: c.Department}
}

// predict returns the wait foretold to a chat that is about to queue, nil while nobody is online.
func (d *Desk) predict(ctx context.Context, t *tx, c *Chat) (*int, error) {
	e, err := d.estimator(ctx, t)
	if err != nil {
		return nil, err
	}
	var position int
	if err := t.NewRaw(`SELECT `+linePosition+` FROM chats c WHERE c.id = ?`, c.ID).Scan(ctx, &position); err != nil {
		return nil, err
	}
	if guess := e.at(position, c.Department); guess.Known {
		return &guess.Seconds, nil
	}
	return nil, nil
}

// QueueStatus returns where the user stands: waiting with a place, assigned, or not_in_queue.
func (d *Desk) QueueStatus(ctx context.Context, userID string) (QueueStatus, error) {
	c, err := d.openChat(ctx, userID)
	switch {
	case err != nil:
		return QueueStatus{}, err
	case c == nil:
		return QueueStatus{State: StateNotInQueue}, nil
	case c.Status == Active:
		return QueueStatus{State: StateAssigned, ChatID: c.ID, AgentID: c.ServedBy(), AssignedAt: c.AssignedAt, QueueID: c.QueueID, QueuedAt: &c.QueuedAt, Department: c.Department}, nil
	}
	return d.queueStatusOf(ctx, c)
}

// WaitingPosition is one waiting user's place.
type WaitingPosition struct {
	UserID string
	Status QueueStatus
}

// WaitingPositions returns the place of everybody who waits, in serving order, by one query over the queue.
func (d *Desk) WaitingPositions(ctx context.Context) ([]WaitingPosition, error) {
	e, err := d.estimator(ctx, d.db)
	if err != nil {
		return nil, translate(err)
	}
	entries, now, err := d.waiting(ctx)
	if err != nil {
		return nil, translate(err)
	}
	positions := make([]WaitingPosition, len(entries))
	lines := map[string]int{}
	for i := range entries {
		c := &entries[i].Chat
		positions[i] = WaitingPosition{UserID: c.UserID, Status: waitingStatus(c, nextIn(lines, c.Department), e, now)}
	}
	return positions, nil
}

func nextIn(lines map[string]int, department *string) int {
	line := ""
	if department != nil {
		line = *department
	}
	lines[line]++
	return lines[line]
}

type queueRow struct {
	Chat     `bun:",extend"`
	UserName string    `bun:"user_name"`
	Now      time.Time `bun:"now"`
}

// waiting returns the queue in serving order and PostgreSQL's time.
func (d *Desk) waiting(ctx context.Context) ([]queueRow, time.Time, error) {
	rows := []queueRow{}
	err := d.db.NewRaw(`SELECT c.*, coalesce(u.name, '') AS user_name, clock_timestamp() AS now FROM chats c JOIN users u ON u.id = c.user_id
		WHERE c.status = 'waiting' ORDER BY c.priority DESC, (c.returned_at IS NULL), c.queued_at, c.queue_id`).Scan(ctx, &rows)
	now := time.Now()
	if len(rows) > 0 {
		now = rows[0].Now
	}
	return rows, now, err
}

// CancelQueue takes the user out of the queue: the waiting chat ends as cancelled. Without one: 409 not_in_queue.
func (d *Desk) CancelQueue(ctx context.Context, userID string) error {
	c, err := d.openChat(ctx, userID)
	if err != nil {
		return err
	}
	if c == nil || c.Status != Waiting {
		return conflict("not_in_queue", "You are not in the queue.")
	}
	_, err = d.endChat(ctx, UserActor(userID), c.ID, "", Waiting)
	if CodeOf(err) == "chat_ended" {
		return conflict("not_in_queue", "You are not in the queue.")
	}
	return err
}

// OnlineCount returns how many agents are online, with room or without.
func (d *Desk) OnlineCount(ctx context.Context) (int, error) {
	agents, err := d.agents(ctx, d.db, `WHERE a.choice = 'online' AND a.disabled_at IS NULL`)
	n := 0
	for i := range agents {
		if agents[i].Presence == Online {
			n++
		}
	}
	return n, translate(err)
}

func seconds(d time.Duration) string { return strconv.Itoa(max(0, int(d.Seconds()))) }
