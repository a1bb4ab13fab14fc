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
	Seconds                 int
	LowSeconds, HighSeconds int // the range to show
}

// defaultHandling is taken as the handling time until a first chat has ended.
const defaultHandling = 5 * time.Minute

// weightedMean returns the mean of handling times in seconds, newest first, in which each newer one counts for a tenth
// of the whole.
func weightedMean(recent []float64) time.Duration {
	if len(recent) == 0 {
		return defaultHandling
	}
	mean := recent[len(recent)-1]
	for i := len(recent) - 2; i >= 0; i-- {
		mean = 0.9*mean + 0.1*recent[i]
	}
	return time.Duration(mean * float64(time.Second))
}

// staffing is the number, capacity and load of the online agents who serve one queue.
type staffing struct{ agents, capacity, load int }

// estimator holds what estimates are made from, read once for any number of them.
type estimator struct {
	now      time.Time // on PostgreSQL's clock
	handling time.Duration
	agents   []onlineAgent
	staffed  map[string]staffing // by department, "" for chats that ask for none; filled as it is asked for
}

// onlineAgent is what the statement of an estimator returns of one agent.
type onlineAgent struct {
	Load        int      `json:"load"`
	Max         int      `json:"max"`
	Departments []string `json:"departments"`
}

// estimating are the columns that an estimator reads: PostgreSQL's clock, the handling times (assigned → ended) of the
// last 50 chats, newest first, and the online agents.
//
//	$1 PRESENCE_TIMEOUT in seconds
const estimating = `clock_timestamp(),
	ARRAY(SELECT extract(epoch FROM ended_at - coalesce(first_assigned_at, assigned_at))::float8 FROM chats
		WHERE status = 'ended' AND assigned_at IS NOT NULL ORDER BY ended_at DESC LIMIT 50),
	(SELECT coalesce(json_agg(json_build_object('load', a.load, 'max', a.max_concurrent,
			'departments', ARRAY(SELECT department FROM agent_departments ad WHERE ad.agent_id = a.id))), '[]')::text
		FROM agents a CROSS JOIN pulse p WHERE a.choice = 'online' AND a.disabled_at IS NULL AND a.max_concurrent > 0
			AND ` + lastSign + ` >= clock_timestamp() - make_interval(secs => $1))`

// estimator runs the statement SELECT estimating + more with the arguments $2 and on. It reads the columns of
// estimating into the estimator that it returns, and those of more into the targets.
func (d *Desk) estimator(ctx context.Context, more string, args []any, into ...any) (*estimator, error) {
	e := &estimator{staffed: map[string]staffing{}}
	var recent []float64
	var agents string
	args = append([]any{d.Settings().PresenceTimeout.Seconds()}, args...)
	into = append([]any{&e.now, &recent, &agents}, into...)
	if err := d.queryPrepared(ctx, `SELECT `+estimating+more, args, into...); err != nil {
		return nil, err
	}
	e.handling = weightedMean(recent)
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

// at returns the estimated wait at a position of a department's queue.
func (e *estimator) at(position int, department *string) Estimate {
	return estimate(position, e.staffing(department), e.handling)
}

// estimate returns the estimated wait at a position. With a capacity of S chats that end independently, one ends on
// average every handling/S, so the chat is assigned after (position − free) such intervals: the mean wait in a full
// M/M/S queue (Erlang). The range is from half of it to one and a half, the middle of how such waits scatter.
func estimate(position int, c staffing, handling time.Duration) Estimate {
	known := c.agents > 0
	if !known {
		c = staffing{capacity: 5, load: 5}
	}
	ahead := max(0, position-(c.capacity-c.load))
	seconds := float64(ahead) * handling.Seconds() / float64(c.capacity)
	return Estimate{Known: known, Seconds: int(math.Ceil(seconds)), LowSeconds: int(seconds / 2), HighSeconds: int(math.Ceil(seconds * 1.5))}
}
