// Package jobs decides when periodic work runs. What is done, and whether there is anything to do, is decided by the
// desk: every task finds its work in PostgreSQL and may run twice, at the same time, on any number of machines.
package jobs

import (
	"context"
	"time"

	"parley/models"
)

// The names of tasks in Redis.
const (
	TaskSweep  = "house:sweep"
	TaskSample = "house:sample"
	TaskFiles  = "files:sweep"
	TaskClean  = "chats:clean"
	TaskCount  = "minutes:count"
	TaskIndex  = "chats:index"
	TaskReport = "reports:count"
	TaskAlerts = "alerts:evaluate"
	TaskFlags  = "chats:flags"
	TaskWatch  = "chats:watches"
	TaskHere   = "messages:here"
	TaskPush   = "pushes:send"
	TaskClose  = "hours:remind"
	TaskMail   = "mails:send"
	TaskCheck  = "invariants:check"
	TaskMonths = "messages:partitions"
	TaskHooks  = "webhooks:deliver"
	TaskBots   = "bots:sweep"
)

// task is one periodic action. every is its period; 0 means SWEEP_INTERVAL.
type task struct {
	name  string
	every time.Duration
	run   func(context.Context, *models.Desk) error
}

// slow are the tasks that wait for others outside. A process runs each of them once at a time, and nothing waits for it.
var slow = map[string]bool{TaskMail: true, TaskPush: true}

// timeout bounds one run. The next run finds what is left.
func (t task) timeout() time.Duration {
	if slow[t.name] {
		return 3 * time.Minute
	}
	return 30 * time.Second
}

var tasks = []task{
	{TaskSweep, 0, func(ctx context.Context, d *models.Desk) error { _, err := d.Sweep(ctx); return err }},
	{TaskBots, time.Second, func(ctx context.Context, d *models.Desk) error { return d.SweepBots(ctx) }},
	{TaskSample, 20 * time.Second, func(ctx context.Context, d *models.Desk) error { return d.Sample(ctx) }},
	{TaskFiles, time.Minute, func(ctx context.Context, d *models.Desk) error { _, err := d.SweepFiles(ctx); return err }},
	{TaskIndex, 5 * time.Second, func(ctx context.Context, d *models.Desk) error { _, err := d.IndexChats(ctx); return err }},
	{TaskCount, time.Minute, func(ctx context.Context, d *models.Desk) error { return d.CountMinutes(ctx) }},
	{TaskReport, 10 * time.Second, func(ctx context.Context, d *models.Desk) error { _, err := d.CountReports(ctx); return err }},
	{TaskAlerts, 5 * time.Second, func(ctx context.Context, d *models.Desk) error { return d.EvaluateAlerts(ctx) }},
	{TaskFlags, 5 * time.Second, func(ctx context.Context, d *models.Desk) error { return d.RaiseFlags(ctx) }},
	{TaskWatch, 10 * time.Second, func(ctx context.Context, d *models.Desk) error { _, err := d.EndWatches(ctx); return err }},
	{TaskHere, 10 * time.Second, func(ctx context.Context, d *models.Desk) error { return d.SweepUsersHere(ctx) }},
	{TaskClose, 5 * time.Second, func(ctx context.Context, d *models.Desk) error { return d.RemindOfClosing(ctx) }},
	{TaskPush, 5 * time.Second, func(ctx context.Context, d *models.Desk) error { return d.SendPushes(ctx) }},
	{TaskMail, 5 * time.Second, func(ctx context.Context, d *models.Desk) error { _, err := d.SendMails(ctx); return err }},
	{TaskHooks, time.Second, func(ctx context.Context, d *models.Desk) error { return d.DeliverWebhooks(ctx) }},
	{TaskCheck, 5 * time.Second, func(ctx context.Context, d *models.Desk) error { return d.CheckInvariants(ctx) }},
	{TaskMonths, 10 * time.Minute, func(ctx context.Context, d *models.Desk) error { return d.KeepPartitions(ctx) }},
	{TaskClean, time.Hour, func(ctx context.Context, d *models.Desk) error { _, err := d.Clean(ctx); return err }},
}

// period returns how often the task runs.
func (t task) period(sweep time.Duration) time.Duration {
	if t.every == 0 {
		return sweep
	}
	return t.every
}
