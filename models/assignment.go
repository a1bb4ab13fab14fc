package models

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// placement is one waiting chat and the agent who gets it.
type placement struct {
	chat  *Chat
	agent *Agent
}

// choose returns the agent for a chat: of those who serve its department and have room, the one of least load; among equals the one
// idle longest. A chat that was just handed back is not given to the same agent while another could take it. nil when there is nobody.
func choose(c *Chat, agents []*Agent, now time.Time) *Agent {
	avoid := ""
	if c.AvoidAgentID != nil && c.AvoidUntil != nil && now.Before(*c.AvoidUntil) {
		for _, a := range agents {
			if a.ID != *c.AvoidAgentID && a.HasRoom() && a.Serves(c.Department) {
				avoid = *c.AvoidAgentID
			}
		}
	}
	var best *Agent
	for _, a := range agents {
		if a.ID == avoid || !a.HasRoom() || !a.Serves(c.Department) {
			continue
		}
		if best == nil || compareLoad(a, best) < 0 {
			best = a
		}
	}
	return best
}

func compareLoad(a, b *Agent) int {
	return cmp.Or(cmp.Compare(a.Load, b.Load), a.IdleSince.Compare(b.IdleSince), cmp.Compare(a.ID, b.ID))
}

// plan places chats, in their order, with agents whose loads it raises as it goes.
func plan(chats []*Chat, agents []*Agent, now time.Time) []placement {
	var placed []placement
	for _, c := range chats {
		if a := choose(c, agents, now); a != nil {
			a.Load++
			a.IdleSince = now
			placed = append(placed, placement{c, a})
		}
	}
	return placed
}

// Drain gives waiting chats to agents with room, in batches, each in a transaction of its own, until nobody waits or nobody has
// room. It returns how many it gave. Any number of drains may run at once: they take turns at the queue's lock.
func (d *Desk) Drain(ctx context.Context) (int, error) {
	total := 0
	d.drainRuns.Add(1)
	defer func() { d.drained.Add(int64(total)) }()
	for {
		var assigned int
		err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
			if err := lockQueue(ctx, t); err != nil {
				return err
			}
			var err error
			assigned, err = d.drainBatch(ctx, t)
			return err
		})
		total += assigned
		if err != nil || assigned == 0 {
			return total, err
		}
	}
}

// Drained returns how often this desk drained the queue and how many chats it gave away by that.
func (d *Desk) Drained() (runs, chats int64) { return d.drainRuns.Load(), d.drained.Load() }

// lockQueue makes this transaction the one assigner, in a statement of its own: what is read afterwards is read with the lock held.
func lockQueue(ctx context.Context, t *tx) error {
	if _, err := t.NewRaw(`SELECT pg_advisory_xact_lock(?)`, int64(queueLock)).Exec(ctx); err != nil {
		return err
	}
	return t.tick(ctx)
}

// drainBatch places the next chats that somebody with room may take, and returns how many. The caller holds the queue's lock.
func (d *Desk) drainBatch(ctx context.Context, t *tx) (int, error) {
	agents, err := d.onlineAgents(ctx, t)
	if err != nil {
		return 0, err
	}
	// Chats that nobody here may take now, though somebody of their line has room. They are passed over in this transaction only: in the next one
	// there may be room for them, and then nobody who came later may have it.
	passed := []string{""}
	for {
		chats, err := d.nextInLine(ctx, t, agents, passed)
		if err != nil || len(chats) == 0 {
			return 0, err
		}
		placed, fresh, err := d.match(ctx, t, chats, agents)
		if err != nil {
			return 0, err
		}
		if len(placed) > 0 {
			return len(placed), d.place(ctx, t, placed, fresh)
		}
		for _, c := range chats {
			passed = append(passed, c.ID)
		}
	}
}

// nextInLine locks the first chats, in serving order, whose line is served by somebody with room.
func (d *Desk) nextInLine(ctx context.Context, t *tx, agents []*Agent, passed []string) ([]*Chat, error) {
	lines := []string{""}
	room := false
	for _, a := range agents {
		if a.HasRoom() {
			room = true
			lines = append(lines, a.Departments...)
		}
	}
	if !room {
		return nil, nil
	}
	var chats []*Chat
	err := t.NewRaw(`SELECT * FROM chats WHERE status = 'waiting' AND (department IS NULL OR department IN (?)) AND id NOT IN (?)
		ORDER BY priority DESC, (returned_at IS NULL), queued_at, queue_id LIMIT ? FOR UPDATE`,
		bunIn(lines), bunIn(passed), d.Settings().QueueBatch).Scan(ctx, &chats)
	return chats, err
}

// match plans with the agents as they were read, and locks those of the plan; if they have changed it renews them and plans again.
func (d *Desk) match(ctx context.Context, t *tx, chats []*Chat, agents []*Agent) ([]placement, map[string]*Agent, error) {
	for {
		trial := make([]*Agent, len(agents))
		for i := range agents {
			copied := *agents[i]
			trial[i] = &copied
		}
		placed := plan(chats, trial, t.now)
		if len(placed) == 0 {
			return nil, nil, nil
		}
		fresh, err := d.lockPlaced(ctx, t, placed)
		if err != nil {
			return nil, nil, err
		}
		for i, a := range agents {
			agents[i] = cmp.Or(fresh[a.ID], a)
		}
		if holds(placed, fresh) {
			return placed, fresh, nil
		}
	}
}

func (d *Desk) onlineAgents(ctx context.Context, t *tx) ([]*Agent, error) {
	all, err := d.agents(ctx, t, `WHERE a.choice = 'online' AND a.disabled_at IS NULL`)
	if err != nil {
		return nil, err
	}
	agents := make([]*Agent, 0, len(all))
	for i := range all {
		if all[i].Presence == Online {
			agents = append(agents, &all[i])
		}
	}
	return agents, nil
}

// lockPlaced locks the agents of a plan by id and reads them again, as they are now that nobody else can change them.
func (d *Desk) lockPlaced(ctx context.Context, t *tx, placed []placement) (map[string]*Agent, error) {
	ids := make([]string, 0, len(placed))
	for _, p := range placed {
		ids = append(ids, p.agent.ID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if _, err := t.NewRaw(`SELECT FROM agents WHERE id IN (?) ORDER BY id FOR UPDATE`, bunIn(ids)).Exec(ctx); err != nil {
		return nil, err
	}
	agents, err := d.agents(ctx, t, `WHERE a.id IN (?)`, bunIn(ids))
	if err != nil {
		return nil, err
	}
	fresh := make(map[string]*Agent, len(agents))
	for i := range agents {
		fresh[agents[i].ID] = &agents[i]
	}
	return fresh, nil
}

// holds reports whether every agent of the plan can still carry what the plan gives.
func holds(placed []placement, fresh map[string]*Agent) bool {
	given := map[string]int{}
	for _, p := range placed {
		given[p.agent.ID]++
		a := fresh[p.agent.ID]
		if a == nil || a.Presence != Online || a.Load+given[p.agent.ID] > a.MaxConcurrent || !a.Serves(p.chat.Department) {
			return false
		}
	}
	return true
}

// place writes a plan whose chats and agents are locked.
func (d *Desk) place(ctx context.Context, t *tx, placed []placement, fresh map[string]*Agent) error {
	for _, p := range placed {
		a := fresh[p.agent.ID]
		a.Load++
		a.IdleSince = t.now
	}
	for _, p := range placed {
		if err := activate(ctx, t, p.chat, fresh[p.agent.ID], ""); err != nil {
			return err
		}
		t.queue(CauseHelped, p.chat)
	}
	for _, a := range fresh {
		if err := saveLoad(ctx, t, a); err != nil {
			return err
		}
	}
	return nil
}

// activate gives a locked chat to a locked agent whose load already counts it, and tells both. A chat that was handed over has its line about that already.
func activate(ctx context.Context, t *tx, c *Chat, a *Agent, prevAgentID string) error {
	c.Status, c.AgentID, c.AssignedAt = Active, &a.ID, ptr(t.now)
	if c.FirstAssignedAt == nil {
		c.FirstAssignedAt = ptr(t.now)
	}
	c.ReturnedAt, c.AvoidAgentID, c.AvoidUntil = nil, nil, nil
	c.QuietSince, c.WarnedAt = ptr(t.now), nil
	change := Change{PrevAgentID: prevAgentID, Assigned: true, Agent: a.Card()}
	if prevAgentID == "" {
		m, err := say(ctx, t, c, SystemJoined, map[string]string{"agent": a.Name, "wait_seconds": seconds(t.now.Sub(c.QueuedAt))})
		if err != nil {
			return err
		}
		change.Messages = []Message{*m}
	}
	if err := saveChat(ctx, t, c); err != nil {
		return err
	}
	change.Chat = *c
	t.emit(Event{Kind: KindChange, Change: &change})
	return nil
}

// saveLoad writes a locked agent's load and tells the supervisors.
func saveLoad(ctx context.Context, t *tx, a *Agent) error {
	_, err := t.NewRaw(`UPDATE agents SET load = ?, idle_since = ? WHERE id = ?`, a.Load, a.IdleSince, a.ID).Exec(ctx)
	t.emit(a.presenceEvent(false))
	return err
}

// wakeDrain starts a drain, or makes the running one run once more: room that appears while it runs is not overlooked.
func (d *Desk) wakeDrain() {
	for {
		switch state := d.drainState.Load(); state {
		case 0:
			if d.drainState.CompareAndSwap(0, 1) {
				d.drains.Add(1)
				go d.drainUntilQuiet()
				return
			}
		case 1:
			if d.drainState.CompareAndSwap(1, 2) {
				return
			}
		default:
			return
		}
	}
}

// drainTimeout bounds a drain that was started by what happened, so that stopping never waits longer for it.
const drainTimeout = 5 * time.Second

func (d *Desk) drainUntilQuiet() {
	defer d.drains.Done()
	for {
		d.drainState.Store(1)
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		if _, err := d.Drain(ctx); err != nil {
			d.log.Warn("draining the queue failed; the schedule tries again", "error", err)
		}
		cancel()
		if d.drainState.CompareAndSwap(1, 0) {
			return
		}
	}
}
