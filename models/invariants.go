package models

import (
	"context"
	"fmt"
	"strings"
)

// Finding is one violation of an invariant.
type Finding struct {
	Subject string `bun:"subject" json:"subject"` // the id of the chat, user or agent, or a time
	Detail  string `bun:"detail"  json:"detail"`
}

// The kinds of subjects that a finding may have.
const (
	AboutChat  = "chat"
	AboutAgent = "agent"
	AboutUser  = "user"
	AboutTime  = "time"
)

// Checked is one invariant and its violations, at most 100 of them.
type Checked struct {
	Invariant string // stable, snake_case
	Meaning   string // one sentence
	About     string // what the subjects of the findings are
	Repair    string // the name for [Desk.Repair]; "" when there is no automatic repair
	Findings  []Finding
}

// lately is how long ago a chat may have ended for [Desk.CheckInvariants] to check it.
const lately = "1 hour"

// checkedChats selects the chats whose messages are checked. Those that are due to be deleted may have lost theirs already, with the
// partition.
const checkedChats = `WITH looked AS (SELECT id, last_seq, version FROM {chats} c
	WHERE status <> 'ended' OR ended_at >= clock_timestamp() - make_interval(secs => ?9)) `

// slack is by how many seconds due work may be late before an invariant counts as violated.
const slack = 5

// scope is what the periodic check cuts into slices to check an invariant.
type scope int

const (
	ofWhole scope = iota // it is checked at once
	ofAgents
	ofOpenChats
	ofChats // open chats and those that ended lately
)

// invariant is one rule: its query returns a row for each violation. {agents} and {chats} in it are the rows to check:
// all of them, or a slice. The parameters are PRESENCE_TIMEOUT, slack, PRESENCE_GRACE, IDLE_WARNING and IDLE_TIMEOUT in
// seconds, and whether only recent chats are checked; ?6 and ?7 are the bounds of a slice, ?8 is QUEUE_GRACE.
type invariant struct {
	name, about, meaning, query string
	repair                      func(context.Context, *Desk) error
	scope                       scope
}

// lateMarks limits a rule to times when Parley has been running for longer than slack: after an outage due work is
// caught up first.
const lateMarks = ` AND clock_timestamp() - (SELECT resumed_at FROM pulse) > make_interval(secs => ?1)`

var invariants = []invariant{
	{
		"one_open_chat_per_user", AboutUser, "A user has at most one open chat.",
		`SELECT user_id AS subject, count(*) || ' open chats' AS detail FROM {chats} c WHERE status <> 'ended' GROUP BY user_id
			HAVING count(*) > 1`, nil, ofOpenChats,
	},
	{
		"capacity",
		AboutAgent,
		"No agent has more active live chats than max_concurrent, or one more by request, unless it was lowered since.",
		// While all chats are from before a temporary capacity began or ended, it may have been lowered below their number.
		`SELECT a.id AS subject, count(*) || ' active of ' || a.max_concurrent AS detail FROM {agents} a JOIN chats c ON c.agent_id = a.id
			AND c.status = 'active' AND c.channel = 'chat'
			WHERE a.kind = 'human' GROUP BY a.id, a.max_concurrent, a.has_extra HAVING count(*) > a.max_concurrent + a.has_extra::int AND coalesce(max(c.assigned_at) > (SELECT max(greatest(t.applied_at,
				t.taken_back_at)) FROM temporary_capacity_agents t WHERE t.agent_id = a.id), true)`,
		nil, ofAgents,
	},
	{
		"load_counted", AboutAgent, "An agent's load is the number of their active live chats.",
		`SELECT a.id AS subject, 'load ' || a.load || ', active ' || count(c.id) AS detail FROM {agents} a
			LEFT JOIN chats c ON c.agent_id = a.id AND c.status = 'active' AND c.channel = 'chat'
			WHERE a.kind = 'human' GROUP BY a.id, a.load HAVING count(c.id) <> a.load`, recount, ofAgents,
	},
	{
		"message_load_counted", AboutAgent, "An agent's message load is the number of their active messages.",
		`SELECT a.id AS subject, 'message load ' || a.message_load || ', active ' || count(c.id) AS detail FROM {agents} a
			LEFT JOIN chats c ON c.agent_id = a.id AND c.status = 'active' AND c.channel = 'message'
			WHERE a.kind = 'human' GROUP BY a.id, a.message_load HAVING count(c.id) <> a.message_load`, recount, ofAgents,
	},
	{
		"reserved_counted", AboutAgent, "An agent's reserved places are the open offers of live chats to the agent.",
		`SELECT a.id AS subject, 'reserved ' || a.reserved || ', open offers ' || count(o.id) AS detail FROM {agents} a
			LEFT JOIN (transfer_offers o JOIN chats c ON c.id = o.chat_id AND c.channel = 'chat') ON o.to_agent_id = a.id AND o.state = 'open'
			GROUP BY a.id, a.reserved HAVING count(o.id) <> a.reserved`, recount, ofAgents,
	},
	{
		"offer_overdue", AboutChat, "An open offer is of an active chat of its sender, and is closed when its time is over.",
		`SELECT o.chat_id AS subject, 'offered to ' || o.to_agent_id || ' until ' || o.expires_at AS detail
			FROM transfer_offers o JOIN chats c ON c.id = o.chat_id WHERE o.state = 'open' AND (c.status <> 'active'
				OR c.agent_id <> o.from_agent_id OR o.expires_at < clock_timestamp() - make_interval(secs => ?1))` + lateMarks,
		func(ctx context.Context, d *Desk) error { return d.SweepOffers(ctx) }, ofWhole,
	},
	{
		"capacity_taken_back",
		AboutAgent,
		"A temporary capacity is taken back on time, and is known with the regular one.",
		`SELECT a.id AS subject, a.max_concurrent || ' instead of ' || coalesce(a.regular_max::text, 'none') || ' until ' || coalesce(a.max_until::text, 'none') AS detail
			FROM agents a LEFT JOIN (SELECT t.agent_id, t.from_capacity, c.ended_at FROM temporary_capacity_agents t
				JOIN temporary_capacities c ON c.id = t.temporary_capacity_id WHERE t.taken_back_at IS NULL) t ON t.agent_id = a.id
			WHERE a.regular_max IS DISTINCT FROM t.from_capacity OR t.ended_at IS NOT NULL
				OR a.max_until < clock_timestamp() - make_interval(secs => ?1)` + lateMarks,
		func(ctx context.Context, d *Desk) error { return d.SweepCapacities(ctx) },
		ofWhole,
	},
	{
		"messages_dense", AboutChat, "The messages of a chat are numbered without gaps in the order of their ids.",
		checkedChats + `SELECT c.id AS subject,
				'counted ' || c.last_seq || ', stored ' || count(m.id) || ', highest ' || coalesce(max(m.seq), 0) AS detail
			FROM looked c LEFT JOIN (SELECT chat_id, id, seq, version, row_number() OVER (PARTITION BY chat_id ORDER BY id) AS place
				FROM messages WHERE chat_id IN (SELECT id FROM looked)) m ON m.chat_id = c.id
			GROUP BY c.id, c.last_seq, c.version HAVING count(m.id) <> c.last_seq OR coalesce(max(m.seq), 0) <> c.last_seq
			OR bool_or(m.place <> m.seq) OR bool_or(m.version > c.version)`, nil, ofChats,
	},
	{
		"status_order", AboutChat, "A message went through every earlier status in order, and the log agrees.",
		checkedChats + `SELECT m.chat_id AS subject, 'message ' || m.id || ' is ' || m.status AS detail FROM looked
			JOIN messages m ON m.chat_id = looked.id
			LEFT JOIN message_status_changes s ON s.chat_id = m.chat_id AND s.message_id = m.id AND s.status = m.status
			WHERE m.status <> 'sent' AND (s.message_id IS NULL OR m.read_at < m.delivered_at)`, nil, ofChats,
	},
	{
		"waiting_beside_a_free_slot",
		AboutChat,
		"No live chat waits longer than 5 s while a matching agent has capacity.",
		`SELECT c.id AS subject, 'could go to ' || min(a.id) AS detail FROM {chats} c JOIN agents a ON a.choice = 'online' AND a.disabled_at IS NULL
			AND a.load + a.reserved < a.max_concurrent AND a.idle_since < clock_timestamp() - make_interval(secs => ?1) AND a.id IS DISTINCT FROM c.avoid_agent_id
			AND (c.department IS NULL OR EXISTS (SELECT FROM agent_departments d WHERE d.agent_id = a.id AND d.department = c.department))
			JOIN pulse p ON greatest(a.seen_at, p.resumed_at) > clock_timestamp() - make_interval(secs => ?0)
			WHERE c.status = 'waiting' AND c.channel = 'chat' AND greatest(c.queued_at, c.returned_at, c.live_at) < clock_timestamp() - make_interval(secs => ?1) GROUP BY c.id`,
		func(ctx context.Context, d *Desk) error { _, err := d.Drain(ctx); return err },
		ofOpenChats,
	},
	{
		"with_an_agent_who_is_gone", AboutChat, "No chat stays with an agent who has been away for PRESENCE_TIMEOUT and PRESENCE_GRACE.",
		`SELECT c.id AS subject, 'with ' || a.id AS detail FROM {chats} c JOIN agents a ON a.id = c.agent_id CROSS JOIN pulse p
			WHERE c.status = 'active' AND a.kind = 'human' AND (a.choice = 'offline' AND a.choice_at < clock_timestamp() - make_interval(secs => ?1)
				OR greatest(a.seen_at, p.resumed_at) < clock_timestamp() - make_interval(secs => ?0 + ?2 + ?1))`,
		func(ctx context.Context, d *Desk) error { return d.SweepPresence(ctx) }, ofOpenChats,
	},
	{
		"silence_overdue", AboutChat, "An idle chat is warned and ended on time.",
		`SELECT id AS subject, 'quiet since ' || quiet_since AS detail FROM {chats} c WHERE status = 'active' AND channel = 'chat'
			AND (warned_at IS NULL AND quiet_since < clock_timestamp() - make_interval(secs => ?3 + ?1)
				OR greatest(quiet_since + make_interval(secs => ?4), warned_at + make_interval(secs => ?4 - ?3))
					< clock_timestamp() - make_interval(secs => ?1))` + lateMarks,
		func(ctx context.Context, d *Desk) error { _, err := d.SweepIdle(ctx); return err }, ofOpenChats,
	},
	{
		"due_known", AboutChat, "The sweep looks at every open live chat before its next step is late.",
		`SELECT c.id AS subject, coalesce('looked at ' || d.due_at, 'never looked at') AS detail FROM {chats} c CROSS JOIN pulse p
			LEFT JOIN chat_due d ON d.chat_id = c.id
			WHERE c.status <> 'ended' AND c.channel = 'chat' AND (d.due_at IS NULL OR d.due_at > make_interval(secs => ?1)
				+ CASE WHEN c.status = 'waiting' THEN greatest(c.user_seen_at, p.resumed_at) + make_interval(secs => ?8)
				WHEN c.warned_at IS NULL THEN c.quiet_since + make_interval(secs => ?3)
				ELSE greatest(c.quiet_since + make_interval(secs => ?4), c.warned_at + make_interval(secs => ?4 - ?3)) END)` + lateMarks,
		remakeDue, ofOpenChats,
	},
	{
		"bot_overdue", AboutChat, "A chat that a bot does not answer in time, or cannot answer any more, is handed over.",
		`SELECT c.id AS subject, 'with ' || a.name || ', awaiting a reply since ' || coalesce(c.awaiting_since::text, 'never') AS detail
			FROM bots b JOIN agents a ON a.id = b.agent_id JOIN {chats} c ON c.agent_id = b.agent_id AND c.status = 'active' CROSS JOIN pulse p
			WHERE (c.awaiting_since IS NOT NULL AND greatest(c.awaiting_since, c.assigned_at, p.resumed_at)
					+ make_interval(secs => b.answer_seconds) < clock_timestamp() - make_interval(secs => ?1)
				OR c.assigned_at < clock_timestamp() - make_interval(secs => ?1) AND (
					a.disabled_at < clock_timestamp() - make_interval(secs => ?1) OR NOT ` + hasBotKey + ` AND NOT EXISTS (SELECT FROM api_keys k
						WHERE k.agent_id = a.id AND least(k.revoked_at, k.expires_at) > clock_timestamp() - make_interval(secs => ?1))))` + lateMarks,
		func(ctx context.Context, d *Desk) error { return d.SweepBots(ctx) }, ofOpenChats,
	},
	{
		"minutes_counted",
		AboutTime,
		"Since the first minute that was counted no minute is missing, and none counts fewer chats than are kept.",
		wrongMinutes,
		recountMinutes, ofWhole,
	},
	{"reports_counted", AboutTime, "The figures of reports are those of their chats.", reportsDiffer, recountReports, ofWhole},
}

// checkTimeout bounds one full check. It is far above the statement timeout of requests, because a check reads every
// message.
const checkTimeout = "10min"

// Check checks every invariant against the whole database. Violations are in the result; an error means that the check
// itself failed.
func (d *Desk) Check(ctx context.Context) ([]Checked, error) {
	s := d.Settings()
	var checked []Checked
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		checked = make([]Checked, 0, len(invariants))
		if _, err := t.NewRaw(`SET LOCAL statement_timeout = '` + checkTimeout + `'`).Exec(ctx); err != nil {
			return err
		}
		for i := range invariants {
			c := invariants[i].checked()
			var err error
			if c.Findings, err = invariants[i].find(ctx, t, s, allRows); err != nil {
				return err
			}
			checked = append(checked, c)
		}
		return nil
	})
	return checked, err
}

// checked returns the invariant without findings.
func (i *invariant) checked() Checked {
	c := Checked{Invariant: i.name, Meaning: i.meaning, About: i.about, Findings: []Finding{}}
	if i.repair != nil {
		c.Repair = i.name
	}
	return c
}

// find returns at most 100 violations among the rows of a slice.
func (i *invariant) find(ctx context.Context, t *tx, s Settings, of slice) ([]Finding, error) {
	found := []Finding{}
	query := strings.NewReplacer("{agents}", of.agents, "{chats}", of.chats).Replace(i.query)
	err := t.NewRaw(
		query+` LIMIT 100`,
		s.PresenceTimeout.Seconds(),
		slack,
		s.PresenceGrace.Seconds(),
		s.IdleWarning.Seconds(),
		s.IdleTimeout.Seconds(),
		of.recent,
		of.after,
		of.upTo,
		s.QueueGrace.Seconds(),
		s.Retention.Seconds(),
	).Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", i.name, err)
	}
	return found, nil
}

// Repair repairs violations of an invariant by repeating the work that should have prevented them. Admins only; an
// invariant without a repair is repair_not_found.
func (d *Desk) Repair(ctx context.Context, actor Actor, name string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	for _, i := range invariants {
		if i.name == name && i.repair != nil {
			if err := d.auditOnly(ctx, actor, AuditHealthRepaired, Subject{Kind: SubjectRule, ID: name, Name: name}, nil); err != nil {
				return err
			}
			if err := i.repair(ctx, d); err != nil {
				return err
			}
			return d.checkAgain(ctx, &i)
		}
	}
	return ErrRepairNotFound
}

// recount sets the loads of every agent to the numbers of their active live chats and messages, and the reserved places to that of the open
// offers to them, under the locks that changes of either hold.
func recount(ctx context.Context, d *Desk) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := lockQueue(ctx, t); err != nil {
			return err
		}
		if _, err := t.NewRaw(`SELECT FROM agents ORDER BY id FOR UPDATE`).Exec(ctx); err != nil {
			return err
		}
		t.requestDrain()
		_, err := t.NewRaw(`UPDATE agents a SET load = n, message_load = messages, reserved = offered FROM (SELECT a.id,
				(SELECT count(*) FROM chats c WHERE c.agent_id = a.id AND c.status = 'active' AND c.channel = 'chat') AS n,
				(SELECT count(*) FROM chats c WHERE c.agent_id = a.id AND c.status = 'active' AND c.channel = 'message') AS messages,
				(SELECT count(*) FROM transfer_offers o JOIN chats c ON c.id = o.chat_id AND c.channel = 'chat'
					WHERE o.to_agent_id = a.id AND o.state = 'open') AS offered FROM agents a WHERE a.kind = 'human') counted
			WHERE counted.id = a.id AND (a.load <> n OR a.message_load <> messages OR a.reserved <> offered)`).Exec(ctx)
		return err
	})
}
