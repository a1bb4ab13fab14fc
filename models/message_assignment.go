package models

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// candidate is an agent with capacity for messages.
type candidate struct {
	agent *Agent
	// isNeeded is whether a live chat waits that the agent could take: only old messages go to the agent then.
	isNeeded bool
}

// messageCandidates selects the agents a with capacity for messages, and whether a live chat waits for each.
//
//	$1 PRESENCE_TIMEOUT in seconds
const messageCandidates = `SELECT a.id, a.max_concurrent > 0 AND EXISTS (SELECT FROM chats l WHERE l.status = 'waiting' AND l.channel = 'chat'
			AND (l.department IS NULL OR EXISTS (SELECT FROM agent_departments ad WHERE ad.agent_id = a.id AND ad.department = l.department))) AS is_needed
	FROM agents a CROSS JOIN pulse p
	WHERE ` + hasMessageCapacity + ` AND ` + lastSign + ` >= clock_timestamp() - make_interval(secs => $1)`

// hasMessageCapacity is the condition for agents a who chose to be online and can take another message.
const hasMessageCapacity = `a.choice = 'online' AND a.disabled_at IS NULL AND a.message_load < a.max_messages`

// drainMessages assigns the next messages, in the order in which chats are served, and returns how many. With MESSAGE_ORDER
// after_chats a message goes to an agent whose live queue is empty, and to any agent once it is older than
// MESSAGE_AGEING. The caller holds the queue's lock.
func (d *Desk) drainMessages(ctx context.Context, t *tx) (int, error) {
	messages, err := d.nextMessages(ctx, t)
	if err != nil || len(messages) == 0 {
		return 0, err
	}
	candidates, err := d.lockMessageCandidates(ctx, t)
	if err != nil {
		return 0, err
	}
	s := d.Settings()
	var placed []placement
	for _, c := range messages {
		isOld := s.MessageOrder == MessagesByAge || t.now.Sub(c.QueuedAt) >= s.MessageAgeing
		var agents []*Agent
		for _, one := range candidates {
			if isOld || !one.isNeeded {
				agents = append(agents, one.agent)
			}
		}
		placed = append(placed, plan([]*Chat{c}, agents, t.now)...)
	}
	if len(placed) == 0 {
		return 0, nil
	}
	return len(placed), t.assignPlacements(ctx, placed)
}

// nextMessages locks the first QUEUE_BATCH messages, in serving order, that an agent may take now.
func (d *Desk) nextMessages(ctx context.Context, t *tx) ([]*Chat, error) {
	s, closed := d.Settings(), d.closedQueues(t.now)
	var messages []*Chat
	err := t.queryPreparedRows(ctx, `WITH free AS MATERIALIZED (`+messageCandidates+`)
		SELECT `+chatRow.selectList("c")+` FROM chats c
		WHERE `+isWaitingMessage+` AND EXISTS (SELECT FROM free f
			WHERE ($2 OR NOT f.is_needed OR c.queued_at <= statement_timestamp() - make_interval(secs => $3))
				AND (c.department IS NULL OR EXISTS (SELECT FROM agent_departments ad WHERE ad.agent_id = f.id AND ad.department = c.department)))
			AND `+isNotClosed("$5", "$6", "$7")+`
		ORDER BY `+servingOrder+` LIMIT $4 FOR UPDATE OF c`,
		[]any{
			s.PresenceTimeout.Seconds(), s.MessageOrder == MessagesByAge, s.MessageAgeing.Seconds(), s.QueueBatch,
			closed.departments, closed.isGeneral, closed.ownHours,
		},
		func(rows pgx.Rows) error {
			c := new(Chat)
			messages = append(messages, c)
			return rows.Scan(chatRow.scanTargets(c)...)
		})
	return messages, err
}

// lockMessageCandidates locks, in the order of their ids, the agents with capacity for messages, and reads them as they are
// then.
func (d *Desk) lockMessageCandidates(ctx context.Context, t *tx) ([]candidate, error) {
	isNeeded := map[string]bool{}
	var ids []string
	err := t.queryPreparedRows(ctx, messageCandidates+` ORDER BY a.id FOR UPDATE OF a`, []any{d.Settings().PresenceTimeout.Seconds()},
		func(rows pgx.Rows) error {
			var id string
			var needed bool
			err := rows.Scan(&id, &needed)
			ids, isNeeded[id] = append(ids, id), needed
			return err
		})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	locked, err := d.agents(ctx, t, `WHERE a.id = ANY($2)`, ids)
	candidates := make([]candidate, len(locked))
	for i := range locked {
		candidates[i] = candidate{&locked[i], isNeeded[locked[i].ID]}
	}
	return candidates, err
}
