package models

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

// WaitExplanation is why a chat waits, as it was at one time.
type WaitExplanation struct {
	Chat     AgentChat
	At       time.Time
	Position int            // in its queue; 0 when the chat does not wait any more
	Agents   []AgentRefusal // who are not disabled, by name
}

// AgentRefusal is why one agent does not have a waiting chat.
type AgentRefusal struct {
	Agent   Agent
	Refusal Refusal
	Since   *time.Time // of the refusal; nil where that is not known
	// IsMessage is whether the chat is a message, so that the capacity for messages counts.
	IsMessage bool
	Ahead     int // chats that are served before and that the agent may get; set for an agent who can take chats
	// KeptUntil is until when the chat is kept from the agent while another one can take it, and KeptBecause why; nil and ""
	// for most agents.
	KeptUntil   *time.Time
	KeptBecause Refusal
}

// whyWaiting reads all agents, each with the chat's part in the decision: the chats that are served before it, by department, and the
// offer after which it is kept from an agent. It has no rows if the chat does not wait.
//
//	$2 chat  $3 seconds within which that offer was answered  $4 seconds until a message is assigned although users wait live
var whyWaiting = `WITH c AS MATERIALIZED (SELECT * FROM chats WHERE id = $2 AND status = 'waiting'),
	line AS MATERIALIZED (SELECT coalesce(jsonb_object_agg(department, n), '{}')::text AS ahead FROM (
		SELECT coalesce(o.department, '') AS department, count(*) AS n FROM chats o CROSS JOIN c WHERE o.status = 'waiting'
			AND (o.channel = 'chat' AND c.channel = 'message' AND c.queued_at > statement_timestamp() - make_interval(secs => $4)
				OR o.channel = c.channel AND (-(o.priority::integer), (o.returned_at IS NULL), o.queued_at, o.queue_id)
				< (-(c.priority::integer), (c.returned_at IS NULL), c.queued_at, c.queue_id)) GROUP BY 1) counted),
	offered AS MATERIALIZED (SELECT o.state FROM c JOIN transfer_offers o ON o.chat_id = c.id AND o.to_agent_id = c.avoid_agent_id
		WHERE o.state IN ('declined', 'expired') AND o.answered_at > c.avoid_until - make_interval(secs => $3) ORDER BY o.id DESC LIMIT 1)
	SELECT clock_timestamp(), ` + chatRow.selectList("c") + `, line.ahead, coalesce(offered.state, ''), ` + agentColumns + `
	FROM c CROSS JOIN line LEFT JOIN offered ON true CROSS JOIN agents a CROSS JOIN pulse p
	WHERE a.disabled_at IS NULL ORDER BY lower(a.name), a.id`

// WhyWaiting returns why a chat waits: for each agent the first rule by which the assigner passes over the agent, computed from the
// rules that it assigns by. A chat that does not wait any more has no position and no agents. Supervisors only; an unknown chat
// is chat_not_found.
func (d *Desk) WhyWaiting(ctx context.Context, actor Actor, chatID string) (*WaitExplanation, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	found, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	w := &WaitExplanation{Chat: *found, At: time.Now()}
	s := d.Settings()
	ageing := s.MessageAgeing
	if s.MessageOrder == MessagesByAge {
		ageing = 0
	}
	var line string
	var offered OfferState
	err = d.queryPreparedRows(ctx, whyWaiting,
		[]any{s.PresenceTimeout.Seconds(), chatID, avoidFor.Seconds() + 1, ageing.Seconds()}, func(rows pgx.Rows) error {
			var one AgentRefusal
			into := append([]any{&w.At}, chatRow.scanTargets(&w.Chat.Chat)...)
			err := rows.Scan(append(append(into, &line, &offered), one.Agent.scanTargets()...)...)
			w.Agents = append(w.Agents, one)
			return err
		})
	if err != nil || len(w.Agents) == 0 {
		if err == nil { // it was assigned or has ended
			found, err = d.Chat(ctx, actor, chatID)
		}
		if err == nil {
			w.Chat = *found
		}
		return w, translate(err)
	}
	ahead := map[string]int{}
	if err := json.Unmarshal([]byte(line), &ahead); err != nil {
		return nil, err
	}
	w.Position = ahead[deref(w.Chat.Department)] + 1
	w.explain(ahead, offered, !d.isAssignable(deref(w.Chat.Department), w.At))
	return w, nil
}

// explain finds each agent's refusal. ahead is the number of chats served before, by department, and offered what became of the
// offer after which the chat is kept from its agent, "" if there was none. isClosed is whether the chat is not assigned because its
// department is closed.
func (w *WaitExplanation) explain(ahead map[string]int, offered OfferState, isClosed bool) {
	c := &w.Chat.Chat
	agents := make([]*Agent, len(w.Agents))
	for i := range w.Agents {
		agents[i] = &w.Agents[i].Agent
	}
	avoid := avoided(c, agents, w.At)
	for i := range w.Agents {
		one := &w.Agents[i]
		a := &one.Agent
		one.Refusal, one.IsMessage = a.refusal(c), c.IsMessage()
		one.Since = a.refusedSince(one.Refusal)
		if c.isKeptFromAgent(w.At) && a.ID == *c.AvoidAgentID {
			one.KeptUntil, one.KeptBecause = c.AvoidUntil, keptBecause(offered)
		}
		if one.Refusal != refusalNone {
			continue
		}
		for _, department := range append([]string{""}, a.Departments...) {
			one.Ahead += ahead[department]
		}
		switch {
		case isClosed:
			one.Refusal = RefusalClosed
		case a.ID == avoid:
			one.Refusal, one.Since = one.KeptBecause, ptr(one.KeptUntil.Add(-avoidFor))
		case one.Ahead > 0:
			one.Refusal = RefusalOthersFirst
		default:
			one.Refusal = RefusalNext
		}
	}
}

func keptBecause(offered OfferState) Refusal {
	switch offered {
	case OfferDeclined:
		return RefusalDeclined
	case OfferExpired:
		return RefusalOfferExpired
	}
	return RefusalGaveBack
}

// Count returns how many agents may get chats like this one, how many of them are online, and how many have capacity.
func (w *WaitExplanation) Count() (candidates, online, able int) {
	for i := range w.Agents {
		r := w.Agents[i].Refusal
		if r.IsCandidate() {
			candidates++
		}
		if r.IsOnline() {
			online++
		}
		if r.CanTake() {
			able++
		}
	}
	return candidates, online, able
}
