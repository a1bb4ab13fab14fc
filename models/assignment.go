package models

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// placement is one waiting chat and the agent who gets it.
type placement struct {
	chat  *Chat
	agent *Agent
}

// choose returns the agent for a chat: of those who serve its department and have capacity, the one of least load;
// among equals the one idle longest. A chat that an agent has just given back does not go to that agent while another
// one could take it. It returns false when no agent can take the chat.
func choose(c *Chat, agents []*Agent, now time.Time) (*Agent, bool) {
	avoid := avoided(c, agents, now)
	var best *Agent
	for _, a := range agents {
		if a.ID == avoid || a.refusal(c) != "" {
			continue
		}
		if best == nil || compareLoadFor(c, a, best) < 0 {
			best = a
		}
	}
	return best, best != nil
}

// avoided returns the id of the agent who does not get a chat now although the agent could take it, "" for none.
func avoided(c *Chat, agents []*Agent, now time.Time) string {
	if !c.isKeptFromAgent(now) {
		return ""
	}
	for _, a := range agents {
		if a.ID != *c.AvoidAgentID && a.refusal(c) == "" {
			return *c.AvoidAgentID
		}
	}
	return ""
}

// isKeptFromAgent reports whether the chat is kept from AvoidAgentID while another agent could take it.
func (c *Chat) isKeptFromAgent(now time.Time) bool {
	return c.AvoidAgentID != nil && c.AvoidUntil != nil && now.Before(*c.AvoidUntil)
}

// compareLoad orders agents for the next chat. Those who are full and asked for one more come last.
func compareLoad(a, b *Agent) int {
	full := func(a *Agent) int {
		if a.Load >= a.MaxConcurrent {
			return 1
		}
		return 0
	}
	return cmp.Or(full(a)-full(b), cmp.Compare(a.Load, b.Load), a.IdleSince.Compare(b.IdleSince), cmp.Compare(a.ID, b.ID))
}

// compareLoadFor is compareLoad for a live chat or a message. Of agents with as many messages the one with the fewest chats
// gets the next.
func compareLoadFor(c *Chat, a, b *Agent) int {
	if c.IsMessage() {
		return cmp.Or(cmp.Compare(a.MessageLoad, b.MessageLoad), compareLoad(a, b))
	}
	return compareLoad(a, b)
}

// plan assigns chats, in their order, to agents, whose loads it raises as it goes. Chats that no agent can take are
// left out.
func plan(chats []*Chat, agents []*Agent, now time.Time) []placement {
	var placed []placement
	for _, c := range chats {
		if a, found := choose(c, agents, now); found {
			a.take(c, now)
			placed = append(placed, placement{c, a})
		}
	}
	return placed
}

// Drain assigns waiting chats to agents with capacity until no chat waits or no agent who could take one has capacity.
// It works in batches of QUEUE_BATCH chats, each in a transaction of its own, and returns how many chats it assigned;
// after an error these are assigned all the same. Any number of drains may run at once: the queue's lock lets one batch
// run at a time.
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

// Drained returns how often this desk has drained the queue and how many chats it assigned by that, since it was made.
func (d *Desk) Drained() (runs, chats int64) { return d.drainRuns.Load(), d.drained.Load() }

// lockQueue makes this transaction the only assigner until it ends, and reads the clock once it has the lock. The rest
// comes in statements of its own, because a statement sees the database as it was when it began: only what the next one
// reads is read with the lock held. Whether there are bots is as of the beginning, so that installations without any need no
// statement more.
func lockQueue(ctx context.Context, t *tx) error {
	return t.queryPreparedRows(ctx, `WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($1))
		SELECT clock_timestamp(), EXISTS (SELECT FROM bots) FROM locked`,
		[]any{int64(queueLock)}, func(rows pgx.Rows) error { return rows.Scan(&t.now, &t.bots) })
}

// drainBatch assigns the next chats that an agent with capacity may take, live ones before messages, and returns how many.
// The caller holds the queue's lock.
func (d *Desk) drainBatch(ctx context.Context, t *tx) (int, error) {
	assigned, err := d.drainLive(ctx, t)
	if err != nil || assigned > 0 {
		return assigned, err
	}
	return d.drainMessages(ctx, t)
}

// drainLive assigns the next live chats.
func (d *Desk) drainLive(ctx context.Context, t *tx) (int, error) {
	// Chats that no locked agent may take now, although an agent of their queue has capacity. They are passed over in
	// this transaction only: in the next one there may be capacity for them, and it must not go to a chat that came
	// later.
	passed := []string{}
	for {
		chats, err := d.nextWaiting(ctx, t, passed)
		if err != nil || len(chats) == 0 {
			return 0, err
		}
		agents, err := d.lockCandidates(ctx, t, chats)
		if err != nil {
			return 0, err
		}
		if placed := plan(chats, agents, t.now); len(placed) > 0 {
			return len(placed), t.assignPlacements(ctx, placed)
		}
		for _, c := range chats {
			passed = append(passed, c.ID)
		}
	}
}

// agentsWithCapacity is the FROM and WHERE of the agents a who may be given one more chat now.
//
//	$1 PRESENCE_TIMEOUT in seconds
const agentsWithCapacity = `FROM agents a CROSS JOIN pulse p
	WHERE a.choice = 'online' AND a.disabled_at IS NULL AND a.load + a.reserved < a.max_concurrent + (a.reserved = 0 AND ` + isExtraOpen + `)::int
		AND ` + lastSign + ` >= clock_timestamp() - make_interval(secs => $1)`

// nextWaiting locks the first QUEUE_BATCH chats, in serving order, whose queue an agent with capacity serves, without
// those that were passed.
func (d *Desk) nextWaiting(ctx context.Context, t *tx, passed []string) ([]*Chat, error) {
	s, closed := d.Settings(), d.closedQueues(t.now)
	var chats []*Chat
	err := t.queryPreparedRows(ctx, `WITH free AS (SELECT a.id `+agentsWithCapacity+`)
		SELECT `+chatRow.selectList("c")+` FROM chats c
		WHERE `+isLive+` AND EXISTS (SELECT FROM free) AND c.id::text <> ALL($2)
			AND (c.department IS NULL
				OR c.department IN (SELECT department FROM agent_departments WHERE agent_id IN (SELECT id FROM free)))
			AND `+isNotClosed("$4", "$5", "$6")+`
		ORDER BY `+servingOrder+` LIMIT $3 FOR UPDATE OF c`, []any{
		s.PresenceTimeout.Seconds(), passed, s.QueueBatch, closed.departments, closed.isGeneral, closed.ownHours,
	}, func(rows pgx.Rows) error {
		c := new(Chat)
		chats = append(chats, c)
		return rows.Scan(chatRow.scanTargets(c)...)
	})
	return chats, err
}

// lockCandidates locks, in the order of their ids, the agents of least load in each queue of the chats: one more than
// there are chats, since one may be the agent that a chat avoids. No plan for these chats needs others. It then reads
// them in a statement of its own, as they are once no other transaction can change them: counting in the statement that
// locks would assign too many.
func (d *Desk) lockCandidates(ctx context.Context, t *tx, chats []*Chat) ([]*Agent, error) {
	departments := map[string]bool{}
	for _, c := range chats {
		departments[deref(c.Department)] = true
	}
	var ids []string
	err := t.queryPreparedRows(ctx, `SELECT id FROM agents WHERE id IN (
			SELECT best.id FROM unnest($2::text[]) q (department) CROSS JOIN LATERAL (
				SELECT a.id `+agentsWithCapacity+` AND (q.department = ''
					OR EXISTS (SELECT FROM agent_departments ad WHERE ad.agent_id = a.id AND ad.department = q.department))
				ORDER BY a.load >= a.max_concurrent, a.load, a.idle_since, a.id LIMIT $3) best)
		ORDER BY id FOR UPDATE`,
		[]any{d.Settings().PresenceTimeout.Seconds(), slices.Collect(maps.Keys(departments)), len(chats) + 1}, func(rows pgx.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	locked, err := d.agents(ctx, t, `WHERE a.id = ANY($2)`, ids)
	agents := make([]*Agent, len(locked))
	for i := range locked {
		agents[i] = &locked[i]
	}
	return agents, err
}

// assignPlacements stores and announces a plan whose chats and agents are locked and whose agents have their new loads.
func (t *tx) assignPlacements(ctx context.Context, placed []placement) error {
	changes := make([]*chatChange, len(placed))
	busy := map[string]*Agent{}
	for i, p := range placed {
		changes[i] = t.change(p.chat)
		changes[i].assign(p.agent)
		busy[p.agent.ID] = p.agent
	}
	agents := slices.SortedFunc(maps.Values(busy), func(a, b *Agent) int { return cmp.Compare(a.ID, b.ID) })
	return t.saveAll(ctx, changes, agents...)
}

// take counts one more chat for a locked agent, unless it is a bot. A live one is that which [Desk.OpenExtraChat] allows, if that is open.
func (a *Agent) take(c *Chat, now time.Time) {
	if a.IsBot() {
		return
	}
	if c.IsMessage() {
		a.MessageLoad++
		return
	}
	a.Load, a.IdleSince = a.Load+1, now
	if a.ExtraOpen {
		a.ExtraOpen, a.ExtraUntil, a.extraTaken, a.extraChanged = false, nil, true, true
		a.HasExtra = a.Load > a.MaxConcurrent
	}
}

// release counts one chat less for a locked agent, unless it is a bot.
func (a *Agent) release(c *Chat, now time.Time) {
	if a.IsBot() {
		return
	}
	if c.IsMessage() {
		a.MessageLoad = max(0, a.MessageLoad-1)
		return
	}
	a.Load, a.IdleSince = max(0, a.Load-1), now
	if a.HasExtra && a.Load <= a.MaxConcurrent {
		a.HasExtra, a.extraChanged = false, true
	}
}

// wakeDrain starts a drain in the background, or makes the running one run once more, so that capacity that appears
// while it runs is used. drainState is 0 while none runs, 1 while one runs and 2 when it is to run again.
func (d *Desk) wakeDrain() {
	for {
		switch state := d.drainState.Load(); state {
		case 0:
			if d.drainState.CompareAndSwap(0, 1) {
				d.drains.Add(1)
				go d.drainUntilIdle()
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

// drainTimeout bounds a drain in the background, so that closing the desk never waits longer for it.
const drainTimeout = 5 * time.Second

// drainUntilIdle drains until no further drain was requested in the meantime.
func (d *Desk) drainUntilIdle() {
	defer d.drains.Done()
	for {
		d.drainState.Store(1)
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		if _, err := d.Drain(ctx); err != nil {
			d.log.Warn("queue drain failed, will retry on schedule", "error", err)
		}
		cancel()
		if d.drainState.CompareAndSwap(1, 0) {
			return
		}
	}
}
