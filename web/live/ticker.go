package live

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/models"
)

const (
	// tickDelay batches what happens at about the same time: two hundred assignments are one query.
	tickDelay = 300 * time.Millisecond
	// tickIdle is how often positions are sent while nothing happens: estimated waits change with time.
	tickIdle = 15 * time.Second
)

// queuePosition is a waiting user's position, and the causes that may have changed it.
type queuePosition struct {
	status models.QueueStatus
	causes []models.QueueCause
}

// queueTicker sends positions to waiting users, and boards and loads to supervisors, a moment after they changed and once
// for all streams of the instance. What changed is marked; the next tick reads it from PostgreSQL and sends it.
type queueTicker struct {
	hub  *Hub
	wake chan struct{} // holds at most one

	boardTicks atomic.Int64 // boards sent, see [Hub.BoardTicks]

	mu     sync.Mutex
	causes []models.QueueCause
	queue  bool                     // positions changed
	board  bool                     // the board changed
	loads  map[string]*models.Event // the latest of each agent
}

func newQueueTicker(h *Hub) *queueTicker {
	return &queueTicker{hub: h, wake: make(chan struct{}, 1), loads: map[string]*models.Event{}}
}

// markQueueChanged marks the queue and the board; cause is "" when it is not known.
func (t *queueTicker) markQueueChanged(cause models.QueueCause) {
	t.markChanged(func() {
		t.queue, t.board = true, true
		if cause != "" && !slices.Contains(t.causes, cause) {
			t.causes = append(t.causes, cause)
		}
	})
}

// markBoardChanged marks the board: a chat or an agent changed.
func (t *queueTicker) markBoardChanged() { t.markChanged(func() { t.board = true }) }

// markLoadChanged marks an agent's presence or load; only the latest of each agent is sent.
func (t *queueTicker) markLoadChanged(e *models.Event) {
	t.markChanged(func() { t.board = true; t.loads[e.Presence.ServiceID] = e })
}

func (t *queueTicker) markChanged(set func()) {
	t.mu.Lock()
	set()
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// run sends what is marked until the context ends. The pause before each tick is at least twice what the last tick took,
// so that a slow PostgreSQL is not kept busy by ticks.
func (t *queueTicker) run(ctx context.Context) {
	pause := tickDelay
	for {
		idle := time.NewTimer(tickIdle)
		select {
		case <-ctx.Done():
			idle.Stop()
			return
		case <-idle.C:
			t.markQueueChanged("")
		case <-t.wake:
		}
		idle.Stop()
		if !sleep(ctx, pause) {
			return
		}
		began := time.Now()
		t.flush(ctx)
		pause = max(tickDelay, 2*time.Since(began))
	}
}

// flush reads and sends what is marked. What cannot be read is marked again, and so sent by a later tick.
func (t *queueTicker) flush(ctx context.Context) {
	t.mu.Lock()
	causes, queue, board, loads := t.causes, t.queue, t.board, t.loads
	t.causes, t.queue, t.board, t.loads = nil, false, false, map[string]*models.Event{}
	t.mu.Unlock()

	for _, e := range loads {
		t.hub.send(signal{event: e, shared: new(EncodingCache)}, supervisors)
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	if queue && t.hub.Streams(models.KindUser) > 0 {
		positions, err := t.hub.desk.WaitingPositions(ctx)
		if err != nil {
			t.markQueueChanged("")
			return
		}
		for _, p := range positions {
			t.hub.send(signal{position: &queuePosition{status: p.Status, causes: causes}}, userTopic(p.UserID))
		}
	}
	if board && t.hub.hasSubscribers(boards) {
		overview, err := t.hub.desk.Overview(ctx)
		if err != nil {
			t.markQueueChanged("")
			return
		}
		t.boardTicks.Add(1)
		t.hub.send(signal{board: &Board{Overview: overview, Queue: queue, Shared: new(Shared)}}, boards)
	}
}

// BoardTicks returns how often this instance has sent the board to its supervisors since it started.
func (h *Hub) BoardTicks() int64 { return h.queue.boardTicks.Load() }

// mainCause returns the cause that explains best why a position or an estimated wait changed, "" when none does.
func mainCause(before, now models.QueueStatus, causes []models.QueueCause) models.QueueCause {
	var candidates []models.QueueCause
	switch {
	case before.Position > now.Position:
		candidates = []models.QueueCause{models.CauseHelped, models.CauseLeft, models.CausePriority}
	case before.Position < now.Position:
		candidates = []models.QueueCause{models.CauseReturned, models.CausePriority}
	case before.Estimate.Seconds > now.Estimate.Seconds || now.Estimate.Known && !before.Estimate.Known:
		candidates = []models.QueueCause{models.CauseAgentOn}
	default:
		candidates = []models.QueueCause{models.CauseAgentOff}
	}
	for _, c := range candidates {
		if slices.Contains(causes, c) {
			return c
		}
	}
	return ""
}
