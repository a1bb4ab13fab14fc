package models

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"
)

// Estimate is how long a wait is expected to be. Unknown (nobody who could answer is online) is said in words; Seconds then still holds
// a figure, for clients that decode one: the wait if a single agent of usual capacity came online.
type Estimate struct {
	Known                   bool
	Seconds                 int
	LowSeconds, HighSeconds int
}

// defaultHandling stands for the handling time until a first chat has ended.
const defaultHandling = 5 * time.Minute

// weightedMean takes handling times in seconds, newest first.
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

// staffing is the capacity of those online who serve one line.
type staffing struct{ agents, slots, load int }

// estimator holds what estimates need, read once.
type estimator struct {
	now      time.Time // on PostgreSQL's clock
	handling time.Duration
	agents   []onlineAgent
	crews    map[string]staffing // by department, "" for chats that ask for none
}

type onlineAgent struct {
	Load        int      `json:"load"`
	Max         int      `json:"max"`
	Departments []string `json:"departments"`
}

// estimating are the columns that an estimator is made of: PostgreSQL's clock, the handling times (assigned → ended) of the last 50 chats, newest
// first, and the agents who are online.
//
//	$1 PRESENCE_TIMEOUT in seconds
const estimating = `clock_timestamp(),
	ARRAY(SELECT extract(epoch FROM ended_at - coalesce(first_assigned_at, assigned_at))::float8 FROM chats
		WHERE status = 'ended' AND assigned_at IS NOT NULL ORDER BY ended_at DESC LIMIT 50),
	(SELECT coalesce(json_agg(json_build_object('load', a.load, 'max', a.max_concurrent,
			'departments', ARRAY(SELECT department FROM agent_departments ad WHERE ad.agent_id = a.id))), '[]')::text
		FROM agents a CROSS JOIN pulse p WHERE a.choice = 'online' AND a.disabled_at IS NULL AND a.max_concurrent > 0
			AND ` + lastSign + ` >= clock_timestamp() - make_interval(secs => $1))`

// estimator reads the columns of estimating, and behind them what else the statement that begins with them returns.
func (d *Desk) estimator(ctx context.Context, more string, args []any, into ...any) (*estimator, error) {
	e := &estimator{crews: map[string]staffing{}}
	var recent []float64
	var agents string
	args = append([]any{d.Settings().PresenceTimeout.Seconds()}, args...)
	if err := d.queryPrepared(ctx, `SELECT `+estimating+more, args, append([]any{&e.now, &recent, &agents}, into...)...); err != nil {
		return nil, err
	}
	e.handling = weightedMean(recent)
	return e, json.Unmarshal([]byte(agents), &e.agents)
}

// staffing returns those who serve a department's line, or with nil anybody's.
func (e *estimator) staffing(department *string) staffing {
	name := ""
	if department != nil {
		name = *department
	}
	c, known := e.crews[name]
	if known {
		return c
	}
	for _, a := range e.agents {
		if department == nil || slices.Contains(a.Departments, name) {
			c.agents++
			c.slots += a.Max
			c.load += min(a.Load, a.Max)
		}
	}
	e.crews[name] = c
	return c
}

func (e *estimator) at(position int, department *string) Estimate {
	return estimate(position, e.staffing(department), e.handling)
}

// estimate returns the expected wait at a position: with S slots that free up independently, one frees on average every handling/S, so the
// place is reached after (position − free) such intervals (the mean of an M/M/S queue that is full; Erlang). The range is half to one and a
// half of it, the middle of what such waits scatter over.
func estimate(position int, c staffing, handling time.Duration) Estimate {
	known := c.agents > 0
	if !known {
		c = staffing{slots: 5, load: 5}
	}
	ahead := max(0, position-(c.slots-c.load))
	seconds := float64(ahead) * handling.Seconds() / float64(c.slots)
	return Estimate{Known: known, Seconds: int(math.Ceil(seconds)), LowSeconds: int(seconds / 2), HighSeconds: int(math.Ceil(seconds * 1.5))}
}
