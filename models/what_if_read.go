package models

import (
	"context"
	"slices"
)

// arrivalMinutes is over how many minutes the arrivals are counted.
const arrivalMinutes = 30

// WhatIf is what is expected of a queue as it is, and after a change.
type WhatIf struct {
	State     QueueState
	Now, Then QueueForecast
}

// queueState reads the chats that wait in a department, or in all for "", those before a user who joins, and the chats that
// began in the last 30 minutes, from the indexes of open and of ended chats.
//
//	$2 department
const queueState = `, (SELECT count(*) FROM chats WHERE channel = 'chat' AND status = 'waiting' AND $2::text IN ('', department)),
	(SELECT count(*) FROM chats WHERE channel = 'chat' AND status = 'waiting' AND department IS NOT DISTINCT FROM nullif($2::text, '')),
	(SELECT count(*) FROM chats WHERE channel = 'chat' AND status IN ('waiting', 'active') AND ` + notWithBot + ` AND created_at > now() - interval '30 minutes' AND $2::text IN ('', department))
	+ (SELECT count(*) FROM chats WHERE channel = 'chat' AND status = 'ended' AND ` + notWithBot + ` AND ended_at > now() - interval '30 minutes'
		AND created_at > now() - interval '30 minutes' AND $2::text IN ('', department))`

// WhatIf returns what is expected of a department's queue now, and after a change; see [QueueState.Forecast]. For "" it is
// that of all chats, with the wait of a user who asks for no department. Supervisors only. A change out of bounds and an
// unknown department are validation_failed.
func (d *Desk) WhatIf(ctx context.Context, actor Actor, department string, change WhatIfChange) (*WhatIf, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if err := change.Validate(); err != nil {
		return nil, err
	}
	if err := d.checkDepartment(ctx, department); err != nil {
		return nil, err
	}
	var s QueueState
	var arrived int
	e, err := d.estimator(ctx, queueState, []any{department}, &s.Waiting, &s.Ahead, &arrived)
	if err != nil {
		return nil, translate(err)
	}
	asked := &department
	if department == "" {
		asked = nil
	}
	rates := e.ratesOf(asked)
	s.Handling, s.AbandonRate = rates.handling, rates.abandonRate
	s.ArrivalsPerMinute = float64(arrived) / arrivalMinutes
	staff := e.staffing(asked)
	s.Load, s.Over, s.Changes = staff.load, staff.over, staff.changes
	for _, a := range e.agents {
		if asked == nil || slices.Contains(a.Departments, department) {
			s.Capacities = append(s.Capacities, slices.Repeat([]int{a.Max}, a.Agents)...)
		}
	}
	return &WhatIf{State: s, Now: s.Forecast(NoWhatIfChange), Then: s.Forecast(change)}, nil
}
