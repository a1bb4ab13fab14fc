package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"parley/models"
)

const (
	// tickDelay gathers what happens at about the same time: two hundred people served at once are one query.
	tickDelay = 300 * time.Millisecond
	// tickCalm is how often places are told anew while nothing happens: estimates move with time.
	tickCalm = 15 * time.Second
)

// queuePosition is where a waiting user stands, and what may have moved them there.
type queuePosition struct {
	status models.QueueStatus
	causes []models.QueueCause
}

// queueTicker tells waiting users their places and supervisors the state of the house, once for all streams of the instance.
type queueTicker struct {
	hub  *Hub
	wake chan struct{}

	mu     sync.Mutex
	causes []models.QueueCause
	queue  bool
	board  bool
	loads  map[string]*models.Event
}

func newQueueTicker(h *Hub) *queueTicker {
	return &queueTicker{hub: h, wake: make(chan struct{}, 1), loads: map[string]*models.Event{}}
}

// markQueueChanged says that the queue changed, "" that nobody knows why.
func (t *queueTicker) markQueueChanged(cause models.QueueCause) {
	t.markChanged(func() {
		t.queue, t.board = true, true
		if cause != "" && !slices.Contains(t.causes, cause) {
			t.causes = append(t.causes, cause)
		}
	})
}

// markBoardChanged says that a chat or an agent changed.
func (t *queueTicker) markBoardChanged() { t.markChanged(func() { t.board = true }) }

// markLoadChanged says that an agent's presence or load changed; only the latest of each is told.
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

func (t *queueTicker) run(ctx context.Context) {
	pause := tickDelay
	for {
		calm := time.NewTimer(tickCalm)
		select {
		case <-ctx.Done():
			calm.Stop()
			return
		case <-calm.C:
			t.markQueueChanged("")
		case <-t.wake:
		}
		calm.Stop()
		if !wait(ctx, pause) {
			return
		}
		began := time.Now()
		t.flush(ctx)
		pause = max(tickDelay, 2*time.Since(began))
	}
}

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
			t.markQueueChanged("") // told later, by a tick that succeeds
			return
		}
		for _, p := range positions {
			t.hub.send(signal{position: &queuePosition{status: p.Status, causes: causes}}, userTopic(p.UserID))
		}
	}
	if board && t.hub.listeners(boards) {
		overview, err := t.hub.desk.Overview(ctx)
		if err != nil {
			t.markQueueChanged("")
			return
		}
		t.hub.send(signal{board: &Board{Overview: overview, Queue: queue}}, boards)
	}
}

// mainCause chooses what best says why a place or a wait changed.
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
