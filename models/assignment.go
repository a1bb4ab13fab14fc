package models

import (
	"cmp"
	"context"
	"encoding/json"
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

// choose returns the agent for a chat: of those who serve its department and have room, the one of least load; among equals the one
// idle longest. A chat that was just handed back is not given to the same agent while another could take it. nil when there is nobody.
func choose(c *Chat, agents []*Agent, now time.Time) *Agent {
	avoid := ""
	if c.AvoidAgentID != nil && c.AvoidUntil != nil && now.Before(*c.AvoidUntil) {
		for _, a := range agents {
			if a.ID != *c.AvoidAgentID && a.HasCapacity() && a.Serves(c.Department) {
				avoid = *c.AvoidAgentID
			}
		}
	}
	var best *Agent
	for _, a := range agents {
		if a.ID == avoid || !a.HasCapacity() || !a.Serves(c.Department) {
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
	// Chats that nobody here may take now, though somebody of their line has room. They are passed over in this transaction only: in the next one
	// there may be room for them, and then nobody who came later may have it.
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
			return len(placed), d.assignPlacements(ctx, t, placed, "")
		}
		for _, c := range chats {
			passed = append(passed, c.ID)
		}
	}
}

// agentsWithCapacity are the agents who may be given one more chat now.
//
//	$1 PRESENCE_TIMEOUT in seconds
const agentsWithCapacity = `FROM agents a CROSS JOIN pulse p WHERE a.choice = 'online' AND a.disabled_at IS NULL AND a.load < a.max_concurrent
	AND ` + lastSign + ` >= clock_timestamp() - make_interval(secs => $1)`

// nextWaiting locks the first chats, in serving order, whose line is served by somebody with room.
func (d *Desk) nextWaiting(ctx context.Context, t *tx, passed []string) ([]*Chat, error) {
	s := d.Settings()
	var chats []*Chat
	err := t.queryPreparedRows(ctx, `WITH free AS (SELECT a.id `+agentsWithCapacity+`)
		SELECT `+chatRow.selectList("c")+` FROM chats c WHERE c.status = 'waiting' AND EXISTS (SELECT FROM free) AND c.id::text <> ALL($2)
			AND (c.department IS NULL OR c.department IN (SELECT department FROM agent_departments WHERE agent_id IN (SELECT id FROM free)))
		ORDER BY `+servingOrder+` LIMIT $3 FOR UPDATE OF c`, []any{s.PresenceTimeout.Seconds(), passed, s.QueueBatch}, func(rows pgx.Rows) error {
		c := new(Chat)
		chats = append(chats, c)
		return rows.Scan(chatRow.scanTargets(c)...)
	})
	return chats, err
}

// lockCandidates locks, by id, the agents of least load in each line of the chats, one more than there are chats, since one may be the one whom
// a chat avoids: no plan for these chats needs others. It reads them in a statement of its own, as they are now that nobody else can change them.
func (d *Desk) lockCandidates(ctx context.Context, t *tx, chats []*Chat) ([]*Agent, error) {
	lines := map[string]bool{}
	for _, c := range chats {
		lines[deref(c.Department)] = true
	}
	var ids []string
	err := t.queryPreparedRows(ctx, `SELECT id FROM agents WHERE id IN (SELECT best.id FROM unnest($2::text[]) l (department) CROSS JOIN LATERAL (
			SELECT a.id `+agentsWithCapacity+` AND (l.department = '' OR EXISTS (SELECT FROM agent_departments ad WHERE ad.agent_id = a.id AND ad.department = l.department))
			ORDER BY a.load, a.idle_since, a.id LIMIT $3) best) ORDER BY id FOR UPDATE`,
		[]any{d.Settings().PresenceTimeout.Seconds(), slices.Collect(maps.Keys(lines)), len(chats) + 1}, func(rows pgx.Rows) error {
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

// assignPlacements writes a plan whose chats and agents are locked, the loads counted already, and tells all of them. Chats that were handed over by an agent have
// their line about that.
func (d *Desk) assignPlacements(ctx context.Context, t *tx, placed []placement, prevAgentID string) error {
	changes := make(map[string]*Change, len(placed))
	agents := map[string]*Agent{}
	var chatIDs, agentIDs []string
	var firsts []time.Time
	var versions []int64
	var seqs, totals []int
	var lines []string
	for _, p := range placed {
		c := p.chat
		c.Status, c.AgentID, c.AssignedAt = Active, &p.agent.ID, ptr(t.now)
		if c.FirstAssignedAt == nil {
			c.FirstAssignedAt = ptr(t.now)
		}
		c.ReturnedAt, c.AvoidAgentID, c.AvoidUntil = nil, nil, nil
		c.IdleSince, c.WarnedAt = ptr(t.now), nil
		c.Version++
		change := &Change{PrevAgentID: prevAgentID, Assigned: true, Agent: p.agent.Card()}
		if prevAgentID == "" {
			c.LastSeq++
			c.TotalMessages++
			kind, args := SystemJoined, map[string]string{"agent": p.agent.Name, "wait_seconds": seconds(t.now.Sub(c.QueuedAt))}
			encoded, err := json.Marshal(args)
			if err != nil {
				return err
			}
			lines = append(lines, string(encoded))
			change.Messages = []Message{{ChatID: c.ID, Seq: c.LastSeq, Version: c.Version, SenderType: FromSystem, Type: SystemMessage, SystemKind: &kind, SystemArgs: args,
				Status: Sent, CreatedAt: t.now}}
		}
		changes[c.ID], agents[p.agent.ID] = change, p.agent
		chatIDs, agentIDs, firsts = append(chatIDs, c.ID), append(agentIDs, p.agent.ID), append(firsts, *c.FirstAssignedAt)
		versions, seqs, totals = append(versions, c.Version), append(seqs, c.LastSeq), append(totals, c.TotalMessages)
	}
	busy := slices.Sorted(maps.Keys(agents))
	loads := make([]int, len(busy))
	for i, id := range busy {
		loads[i] = agents[id].Load
	}
	// The line that somebody joined is the last message of the chat, so its numbers are the chat's.
	err := t.queryPreparedRows(ctx, `WITH g AS (SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::int[], $6::int[])
				g (chat_id, agent_id, first_assigned_at, version, last_seq, total_messages)),
			moved AS (UPDATE chats c SET status = 'active', agent_id = g.agent_id, assigned_at = $7, first_assigned_at = g.first_assigned_at,
				returned_at = NULL, avoid_agent_id = NULL, avoid_until = NULL, quiet_since = $7, warned_at = NULL,
				version = g.version, last_seq = g.last_seq, total_messages = g.total_messages FROM g WHERE c.id = g.chat_id),
			loaded AS (UPDATE agents a SET load = b.load, idle_since = $7 FROM unnest($8::text[], $9::int[]) b (id, load) WHERE a.id = b.id)
		INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at, system_kind, system_args)
			SELECT g.chat_id, g.last_seq, g.version, 'system', '', 'system', '', $7, '`+SystemJoined+`', l.args::jsonb
			FROM g JOIN unnest($1::text[], $10::text[]) l (chat_id, args) ON l.chat_id = g.chat_id WHERE l.args IS NOT NULL RETURNING chat_id, id`,
		[]any{chatIDs, agentIDs, firsts, versions, seqs, totals, t.now, busy, loads, lines}, func(rows pgx.Rows) error {
			var chatID string
			var id int64
			if err := rows.Scan(&chatID, &id); err != nil {
				return err
			}
			changes[chatID].Messages[0].ID = id
			return nil
		})
	if err != nil {
		return err
	}
	for _, p := range placed {
		change := changes[p.chat.ID]
		change.Chat = *p.chat
		t.emit(Event{Kind: KindChange, Change: change})
		t.emitQueueChange(CauseHelped, p.chat)
	}
	for _, id := range busy {
		t.emit(agents[id].presenceEvent(false))
	}
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

// drainTimeout bounds a drain that was started by what happened, so that stopping never waits longer for it.
const drainTimeout = 5 * time.Second

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
