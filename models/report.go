package models

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// The reasons why a chat waits.
const (
	WhyNoAgentOnline = "nobody_online"
	WhyNoCapacity    = "nobody_has_room"
	WhyNoMatch       = "no_match" // agents are online, none of them in its department
)

// QueueEntry is one waiting chat as supervisors see it.
type QueueEntry struct {
	Chat                             Chat
	UserName                         string
	UserIsVerified, NameIsUnverified bool // as of [AgentChat]
	Position                         int
	WaitSeconds                      int
	Estimate                         Estimate
	WhyWaiting                       string
}

// QueueFilter selects waiting chats. The zero value selects all.
type QueueFilter struct {
	Department string // the queue of one department; "" for all
	First      int    // at most this many from the front; 0 for all
}

// DepartmentQueue is the queue of one department, or with Department "" that of chats without one.
type DepartmentQueue struct {
	Department string
	Length     int
	OldestAt   time.Time // when the longest wait began
	Estimate   Estimate  // for a chat that joined now
}

// Queue returns the waiting chats that a filter selects, in the order of service, and the queue of every department that
// has one.
func (d *Desk) Queue(ctx context.Context, f QueueFilter) ([]QueueEntry, []DepartmentQueue, error) {
	var departments []string
	var lengths []int
	var oldest []time.Time
	e, err := d.estimator(ctx, `, coalesce(array_agg(coalesce(department, '')), '{}'), coalesce(array_agg(n), '{}'),
			coalesce(array_agg(oldest), '{}')
		FROM (SELECT department, count(*) AS n, min(greatest(queued_at, live_at)) AS oldest FROM chats WHERE `+isLive+`
		GROUP BY 1) queues`,
		nil, &departments, &lengths, &oldest)
	if err != nil {
		return nil, nil, translate(err)
	}
	queues := make([]DepartmentQueue, len(departments))
	for i, slug := range departments {
		department := &slug
		if slug == "" {
			department = nil
		}
		queues[i] = DepartmentQueue{Department: slug, Length: lengths[i], OldestAt: oldest[i], Estimate: e.at(lengths[i]+1, department)}
	}
	rows, err := d.waiting(ctx, f, false)
	if err != nil {
		return nil, nil, translate(err)
	}
	return d.queueEntries(rows, e), queues, nil
}

// WaitingMessages returns the messages that wait and that a filter selects, in the order in which they are assigned.
func (d *Desk) WaitingMessages(ctx context.Context, f QueueFilter) ([]QueueEntry, error) {
	e, err := d.estimator(ctx, "", nil)
	if err != nil {
		return nil, translate(err)
	}
	rows, err := d.waiting(ctx, f, true)
	if err != nil {
		return nil, translate(err)
	}
	return d.queueEntries(rows, e), nil
}

// queueEntries returns waiting chats with their positions, which begin with 1 in each department.
func (d *Desk) queueEntries(rows []queueRow, e *estimator) []QueueEntry {
	entries := make([]QueueEntry, len(rows))
	before := map[string]int{}
	for i := range rows {
		c := rows[i].Chat
		s := d.waitingStatus(&c, nextIn(before, c.Department), e)
		entries[i] = QueueEntry{
			Chat: c, UserName: displayName(&rows[i].UserName, c.UserID), UserIsVerified: rows[i].Verified,
			NameIsUnverified: rows[i].UserName != "" && !rows[i].Verified, Position: s.Position, WaitSeconds: s.WaitSeconds,
			Estimate: s.Estimate, WhyWaiting: e.why(c.Department),
		}
	}
	return entries
}

// why returns the reason why a chat of a department waits: all matching agents are busy, agents are online but none
// matches, or none is online.
func (e *estimator) why(department *string) string {
	switch {
	case e.staffing(department).agents > 0:
		return WhyNoCapacity
	case e.staffing(nil).agents > 0:
		return WhyNoMatch
	}
	return WhyNoAgentOnline
}

// AgentLoad is one agent as supervisors see them.
type AgentLoad struct {
	Agent                   Agent
	OldestUnansweredSeconds *int        // of the active chats that await a reply; nil when none does
	AwaitingSince           []time.Time // since when each of those waits, longest first
	Idle                    int         // active chats that are idle and warned while the user is to write next
}

// Load returns every agent who is not disabled, by name, without bots.
func (d *Desk) Load(ctx context.Context) ([]AgentLoad, error) {
	agents, err := d.agents(ctx, d, `WHERE a.disabled_at IS NULL AND a.kind = 'human' ORDER BY lower(a.name), a.id`)
	if err != nil {
		return nil, translate(err)
	}
	loads := make([]AgentLoad, len(agents))
	index := make(map[string]int, len(agents))
	for i := range agents {
		loads[i].Agent = agents[i]
		index[agents[i].ID] = i
	}
	// To group them here takes less than PostgreSQL needs to sort them by agent.
	err = d.queryPreparedRows(ctx, `SELECT agent_id, awaiting_since, extract(epoch FROM clock_timestamp() - awaiting_since)::float8
		FROM chats WHERE status = 'active' AND channel = 'chat' AND (awaiting_since IS NOT NULL OR warned_at IS NOT NULL)`,
		nil, func(rows pgx.Rows) error {
			var id string
			var since *time.Time
			var waits *float64
			if err := rows.Scan(&id, &since, &waits); err != nil {
				return err
			}
			i, ok := index[id]
			switch {
			case !ok:
			case since == nil:
				loads[i].Idle++
			default:
				seconds := max(0, int(*waits), deref(loads[i].OldestUnansweredSeconds))
				loads[i].AwaitingSince, loads[i].OldestUnansweredSeconds = append(loads[i].AwaitingSince, *since), &seconds
			}
			return nil
		})
	if err != nil {
		return nil, translate(err)
	}
	for i := range loads {
		slices.SortFunc(loads[i].AwaitingSince, time.Time.Compare)
	}
	return loads, nil
}

// Overview is the state of the queue and of the online agents in a few numbers.
type Overview struct {
	Waiting            int
	LongestWaitSeconds int
	Estimate           Estimate // for a chat that joined now without a department
	Load, Capacity     int      // of online agents
	Online             int
	AbandonedLast30    int // cancelled or abandoned in the last 30 minutes
	LastPickupSeconds  *int
}

// Overview returns the numbers of this moment.
func (d *Desk) Overview(ctx context.Context) (Overview, error) {
	var row struct {
		Waiting, LongestWait, Abandoned, WithoutDepartment int
		LastPickup                                         *float64
	}
	e, err := d.estimator(ctx, `, count(*), coalesce(extract(epoch FROM clock_timestamp() - min(greatest(queued_at, live_at))), 0)::int,
		count(*) FILTER (WHERE department IS NULL),
		(SELECT count(*) FROM chats WHERE channel = 'chat' AND status = 'ended' AND ended_at > now() - interval '30 minutes'
		AND ended_reason IN ('cancelled', 'abandoned')),
		(SELECT greatest(0, extract(epoch FROM first_assigned_at - greatest(queued_at, live_at)))::float8 FROM chats WHERE status = 'active' AND channel = 'chat'
		AND first_assigned_at IS NOT NULL ORDER BY first_assigned_at DESC LIMIT 1)
		FROM chats WHERE `+isLive, nil, &row.Waiting, &row.LongestWait, &row.WithoutDepartment, &row.Abandoned, &row.LastPickup)
	if err != nil {
		return Overview{}, translate(err)
	}
	o := Overview{
		Waiting: row.Waiting, LongestWaitSeconds: max(0, row.LongestWait), AbandonedLast30: row.Abandoned,
		Estimate: e.at(row.WithoutDepartment+1, nil),
	}
	all := e.staffing(nil)
	o.Online, o.Capacity, o.Load = all.agents, all.capacity, all.load
	if row.LastPickup != nil {
		o.LastPickupSeconds = ptr(int(*row.LastPickup))
	}
	return o, nil
}

// checkPeriod refuses an empty period and one longer than the given length with validation_failed.
func checkPeriod(from, to time.Time, most time.Duration) error {
	if !to.After(from) || to.Sub(from) > most {
		return invalid("from", fieldOutOfBounds,
			"The period must start before it ends and be at most "+strconv.Itoa(int(most.Hours()/24))+" days.")
	}
	return nil
}
