package models

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"
)

// Estimate is an estimated wait. While it is not Known, because no agent who serves the queue is online, screens say so
// in text, and Seconds still holds a number for clients that need one: the wait if a single agent with the usual
// capacity came online now.
type Estimate struct {
	Known                   bool
	Seconds                 int // the median
	LowSeconds, HighSeconds int // the range to show: the 10th and the 90th percentile
}

// staffing is the number, capacity and load of the online agents who serve one queue.
type staffing struct {
	agents, capacity, load int

	over    int          // chats beyond the capacity of their agents
	changes []SlotChange // of the capacity, that are known beforehand
}

// estimator holds what estimates are made from, read once for any number of them.
type estimator struct {
	now     time.Time // on PostgreSQL's clock
	rates   map[string]queueRates
	agents  []onlineAgents
	breaks  []onlineAgents      // agents who come online again when their break ends
	staffed map[string]staffing // by department, "" for chats that ask for none; filled as it is asked for
}

// onlineAgents are online agents that an estimate treats alike.
type onlineAgents struct {
	Agents      int      `json:"agents"` // how many
	Load        int      `json:"load"`   // of each
	Max         int      `json:"max"`
	Departments []string `json:"departments"`
	RegularMax  *int     `json:"regular_max"` // what Max is again after RegularIn seconds
	RegularIn   float64  `json:"regular_in"`
	BackIn      *float64 `json:"back_in"` // seconds until the planned end of a break; nil for agents who are online
}

// estimating are the columns that an estimator reads: PostgreSQL's clock, and the agents who are online or on a break that has a planned
// end. An agent with the last chats gets no more of them, so none of these chats makes room for another.
//
//	$1 PRESENCE_TIMEOUT in seconds
const estimating = `clock_timestamp(),
	(SELECT coalesce(json_agg(alike), '[]')::text FROM (SELECT count(*) AS agents, a.load, a.max_concurrent AS max,
			coalesce(served.departments, '{}') AS departments, a.regular_max,
			coalesce(date_part('epoch', a.max_until - clock_timestamp()), 0) AS regular_in,
			CASE WHEN a.choice <> 'online' THEN date_part('epoch', a.break_ends_at - clock_timestamp()) END AS back_in
		FROM agents a CROSS JOIN pulse p
			LEFT JOIN (SELECT agent_id, array_agg(department ORDER BY department) AS departments FROM agent_departments GROUP BY agent_id) served
				ON served.agent_id = a.id
		WHERE a.disabled_at IS NULL AND a.max_concurrent > 0
			AND (a.choice = 'online' OR a.choice_detail = 'break' AND a.break_ends_at > statement_timestamp())
			AND ` + lastSign + ` >= clock_timestamp() - make_interval(secs => $1)
		GROUP BY a.load, max, served.departments, a.regular_max, regular_in, back_in) alike)`

// estimator runs the statement SELECT estimating + more with the arguments $2 and on. It reads the columns of
// estimating into the estimator that it returns, and those of more into the targets.
func (d *Desk) estimator(ctx context.Context, more string, args []any, into ...any) (*estimator, error) {
	rates, err := d.queueRates(ctx)
	if err != nil {
		return nil, err
	}
	e := &estimator{rates: rates, staffed: map[string]staffing{}}
	var agents string
	args = append([]any{d.Settings().PresenceTimeout.Seconds()}, args...)
	into = append([]any{&e.now, &agents}, into...)
	if err := d.queryPrepared(ctx, `SELECT `+estimating+more, args, into...); err != nil {
		return nil, err
	}
	var all []onlineAgents
	if err := json.Unmarshal([]byte(agents), &all); err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.BackIn != nil {
			e.breaks = append(e.breaks, a)
		} else {
			e.agents = append(e.agents, a)
		}
	}
	return e, nil
}

// staffing returns the agents who serve a department's queue, or for nil the queue of chats that ask for none, which
// every agent serves.
func (e *estimator) staffing(department *string) staffing {
	name := deref(department)
	c, known := e.staffed[name]
	if known {
		return c
	}
	serves := func(a *onlineAgents) bool { return department == nil || slices.Contains(a.Departments, name) }
	for i := range e.agents {
		if a := &e.agents[i]; serves(a) {
			c.agents += a.Agents
			c.capacity += a.Agents * a.Max
			c.load += a.Agents * min(a.Load, a.Max)
			c.over += a.Agents * max(0, a.Load-a.Max)
			if a.RegularMax != nil && *a.RegularMax != a.Max {
				slots := a.Agents * (*a.RegularMax - a.Max)
				c.changes = append(c.changes, SlotChange{inSeconds(a.RegularIn), slots, slots})
			}
		}
	}
	for i := range e.breaks {
		if a := &e.breaks[i]; serves(a) {
			c.changes = append(c.changes, SlotChange{inSeconds(*a.BackIn), a.Agents * a.Max, a.Agents * (a.Max - a.Load)})
		}
	}
	c.changes = mergeChanges(c.changes)
	e.staffed[name] = c
	return c
}

func inSeconds(seconds float64) time.Duration {
	return time.Duration(max(0, seconds) * float64(time.Second))
}

// mostChanges is how many changes of the slots an estimate regards, and changesWithin those of which time are one change: the course of a
// wait is computed for each position of a queue.
const (
	mostChanges   = 8
	changesWithin = time.Minute
)

// mergeChanges returns the first changes in their order.
func mergeChanges(all []SlotChange) (merged []SlotChange) {
	slices.SortFunc(all, func(a, b SlotChange) int { return cmp.Compare(a.After, b.After) })
	for _, c := range all {
		if n := len(merged); n > 0 && c.After-merged[n-1].After < changesWithin {
			merged[n-1].Slots += c.Slots
			merged[n-1].Free += c.Free
			continue
		}
		if len(merged) == mostChanges {
			break
		}
		merged = append(merged, c)
	}
	return merged
}

// at returns the estimated wait at a position of a department's queue. Of the chats before it, as many as there are free
// slots are about to be assigned.
func (e *estimator) at(position int, department *string) Estimate {
	c := e.staffing(department)
	known := c.agents > 0
	if !known {
		c = staffing{capacity: usualCapacity, load: usualCapacity}
	}
	rates := e.ratesOf(department)
	m := WaitModel{Slots: c.capacity, Handling: rates.handling, AbandonRate: rates.abandonRate, Over: c.over, Changes: c.changes}
	return m.estimate(known, position-(c.capacity-c.load))
}

// ratesOf returns the rates of a department's queue, those of all chats if it has none of its own.
func (e *estimator) ratesOf(department *string) queueRates {
	rates, own := e.rates[deref(department)]
	if !own {
		rates = e.rates[""]
	}
	return rates
}

// estimate returns the estimate of [WaitModel.Wait] in whole seconds.
func (m WaitModel) estimate(known bool, turns int) Estimate {
	wait := m.Wait(turns)
	return Estimate{
		Known: known, Seconds: int(math.Ceil(wait.Median.Seconds())),
		LowSeconds: int(wait.Low.Seconds()), HighSeconds: int(math.Ceil(wait.High.Seconds())),
	}
}
