package models

import (
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
type staffing struct{ agents, capacity, load int }

// estimator holds what estimates are made from, read once for any number of them.
type estimator struct {
	now     time.Time // on PostgreSQL's clock
	rates   map[string]queueRates
	agents  []onlineAgent
	staffed map[string]staffing // by department, "" for chats that ask for none; filled as it is asked for
}

// onlineAgent is what the statement of an estimator returns of one agent.
type onlineAgent struct {
	Load        int      `json:"load"`
	Max         int      `json:"max"`
	Departments []string `json:"departments"`
}

// estimating are the columns that an estimator reads: PostgreSQL's clock and the online agents.
//
//	$1 PRESENCE_TIMEOUT in seconds
const estimating = `clock_timestamp(),
	(SELECT coalesce(json_agg(json_build_object('load', a.load, 'max', a.max_concurrent,
			'departments', ARRAY(SELECT department FROM agent_departments ad WHERE ad.agent_id = a.id))), '[]')::text
		FROM agents a CROSS JOIN pulse p WHERE a.choice = 'online' AND a.disabled_at IS NULL AND a.max_concurrent > 0
			AND ` + lastSign + ` >= clock_timestamp() - make_interval(secs => $1))`

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
	return e, json.Unmarshal([]byte(agents), &e.agents)
}

// staffing returns the agents who serve a department's queue, or for nil the queue of chats that ask for none, which
// every agent serves.
func (e *estimator) staffing(department *string) staffing {
	name := deref(department)
	c, known := e.staffed[name]
	if known {
		return c
	}
	for _, a := range e.agents {
		if department == nil || slices.Contains(a.Departments, name) {
			c.agents++
			c.capacity += a.Max
			c.load += min(a.Load, a.Max)
		}
	}
	e.staffed[name] = c
	return c
}

// at returns the estimated wait at a position of a department's queue. Of the chats before it, as many as there are free
// slots are about to be assigned.
func (e *estimator) at(position int, department *string) Estimate {
	c := e.staffing(department)
	known := c.agents > 0
	if !known {
		c = staffing{capacity: 5, load: 5}
	}
	rates, own := e.rates[deref(department)]
	if !own {
		rates = e.rates[""]
	}
	m := WaitModel{Slots: c.capacity, Handling: rates.handling, AbandonRate: rates.abandonRate}
	wait := m.Wait(position - (c.capacity - c.load))
	return Estimate{
		Known: known, Seconds: int(math.Ceil(wait.Median.Seconds())),
		LowSeconds: int(wait.Low.Seconds()), HighSeconds: int(math.Ceil(wait.High.Seconds())),
	}
}
