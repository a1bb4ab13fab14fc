package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"parley/models"
	"parley/models/redisclient"
)

// Worker runs the periodic tasks. They come through Redis, so that one of several workers runs each; the worker also
// schedules them there. Without Redis, or between two periods, its pulse runs what is due.
type Worker struct {
	desk      *models.Desk
	log       *slog.Logger
	queue     string
	interval  time.Duration
	server    *asynq.Server
	scheduler *asynq.Scheduler
	schedules *schedules
	lastRun   map[string]*atomic.Int64 // by task: Unix nanoseconds
	running   map[string]*atomic.Bool  // by slow task
	tracer    trace.Tracer             // nil for no spans
	stopPulse context.CancelFunc
	pulse     sync.WaitGroup
}

// connection makes the clients of asynq, which asynq closes.
type connection struct{ *redisclient.Options }

func (c connection) MakeRedisClient() any { return c.Client() }

// New returns a worker that sweeps every interval, but not more often than once a second. prefix is that of the
// installation: its tasks go through a queue of that name, so that no other installation on the same Redis runs them.
func New(desk *models.Desk, options *redisclient.Options, prefix string, interval time.Duration, log *slog.Logger) *Worker {
	w := &Worker{
		desk:     desk,
		log:      log,
		queue:    prefix + "periodic",
		interval: max(interval, time.Second),
		lastRun:  map[string]*atomic.Int64{},
		running:  map[string]*atomic.Bool{},
	}
	for _, t := range tasks {
		w.lastRun[t.name] = new(atomic.Int64)
		if slow[t.name] {
			w.running[t.name] = new(atomic.Bool)
		}
	}
	w.schedules = newSchedules(options, prefix)
	quiet := quietLog{log}
	w.server = asynq.NewServer(connection{options}, asynq.Config{
		Concurrency: 4, Queues: map[string]int{w.queue: 1}, ShutdownTimeout: 3 * time.Second, Logger: quiet, LogLevel: asynq.WarnLevel,
		// A task that failed is due again at the next period, not after asynq's growing delays.
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return w.interval },
		IsFailure:      func(err error) bool { return !errors.Is(err, context.Canceled) },
		ErrorHandler: asynq.ErrorHandlerFunc(func(_ context.Context, t *asynq.Task, err error) {
			log.Warn("periodic task failed, will retry at its next run", "task", t.Type(), "error", err)
		}),
	})
	w.scheduler = asynq.NewScheduler(connection{options}, &asynq.SchedulerOpts{
		Location: time.UTC, Logger: quiet, LogLevel: asynq.ErrorLevel,
		PreEnqueueFunc: func(*asynq.Task, []asynq.Option) { w.schedules.sign() },
		PostEnqueueFunc: func(_ *asynq.TaskInfo, err error) {
			// A duplicate was put there by the scheduler of another instance.
			if err != nil && !errors.Is(err, asynq.ErrDuplicateTask) && !errors.Is(err, asynq.ErrTaskIDConflict) {
				log.Debug("periodic task not enqueued, the in-process pulse runs it", "error", err)
			}
		},
	})
	return w
}

// Trace makes a span of each run of a task. Call it before Start.
func (w *Worker) Trace(tracer trace.Tracer) { w.tracer = tracer }

// Start starts the worker and returns; after an error nothing runs. Redis need not be reachable.
func (w *Worker) Start(ctx context.Context) error {
	mux := asynq.NewServeMux()
	for _, t := range tasks {
		mux.HandleFunc(t.name, func(ctx context.Context, _ *asynq.Task) error { return w.run(ctx, t) })
		period := t.period(w.interval)
		entry, err := w.scheduler.Register(fmt.Sprintf("@every %s", period), asynq.NewTask(t.name, nil),
			asynq.Queue(w.queue), asynq.MaxRetry(1), asynq.Timeout(t.timeout()), asynq.Unique(period))
		if err != nil {
			return fmt.Errorf("schedule %s: %w", t.name, err)
		}
		w.schedules.add(entry)
	}
	if err := w.server.Start(w.leaveUnknown(mux)); err != nil {
		w.log.Warn("task queue unavailable, the in-process pulse runs periodic tasks", "error", err)
	}
	if err := w.scheduler.Start(); err != nil {
		return fmt.Errorf("start the scheduler: %w", err)
	}
	ctx, w.stopPulse = context.WithCancel(context.WithoutCancel(ctx))
	w.pulse.Go(func() { w.runPulse(ctx) })
	w.pulse.Go(func() { w.schedules.run(ctx) })
	return nil
}

// leaveUnknown drops tasks that this release does not know. During an upgrade workers of two releases share the queue; a worker that knows
// the task notices that it does not run, see runPulse.
func (w *Worker) leaveUnknown(mux *asynq.ServeMux) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		handler, pattern := mux.Handler(t)
		if pattern == "" {
			w.log.Debug("task of another release left to its workers", "task", t.Type())
			return nil
		}
		return handler.ProcessTask(ctx, t)
	})
}

// stopTimeout is how long Stop waits for asynq, which removes its entries from Redis one by one, whether Redis answers
// or not.
const stopTimeout = 4 * time.Second

// Stop ends the schedule, then waits for the tasks that are running.
func (w *Worker) Stop() {
	w.stopPulse()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.scheduler.Shutdown()
		w.schedules.close()
		w.server.Shutdown()
	}()
	select {
	case <-done:
	case <-time.After(stopTimeout):
		w.log.Warn("task schedule not updated, Redis does not answer")
	}
	w.pulse.Wait()
}

// run runs a task and records that this worker has done it. A slow one that is running already goes on alone.
func (w *Worker) run(ctx context.Context, t task) error {
	w.lastRun[t.name].Store(time.Now().UnixNano())
	if running := w.running[t.name]; running != nil {
		if !running.CompareAndSwap(false, true) {
			return nil
		}
		defer running.Store(false)
	}
	return w.traced(ctx, t.name, func(ctx context.Context) error { return t.run(ctx, w.desk) })
}

// traced runs a task in a span of its own, if there is a tracer.
func (w *Worker) traced(ctx context.Context, name string, run func(context.Context) error) error {
	if w.tracer == nil {
		return run(ctx)
	}
	ctx, span := w.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	err := run(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		span.SetStatus(codes.Error, "")
	}
	return err
}

const (
	minPause = 500 * time.Millisecond
	maxPause = 3 * time.Second
	// pulseTimeout bounds a sweep when PostgreSQL hangs.
	pulseTimeout = 8 * time.Second
)

// runPulse sweeps when the next idle chat is due, and every few seconds at least: idle rules are exact to the second, which
// the schedule is not. It also runs a task that this worker has not run for two periods, because Redis is unreachable or
// another worker took it.
func (w *Worker) runPulse(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		pause := w.pulseOnce(ctx)
		for _, t := range tasks {
			if time.Since(time.Unix(0, w.lastRun[t.name].Load())) > 2*t.period(w.interval) {
				if slow[t.name] {
					w.pulse.Go(func() { w.runBounded(ctx, t) })
				} else {
					w.runBounded(ctx, t)
				}
			}
		}
		timer.Reset(max(minPause, pause))
	}
}

// runBounded runs a task for the pulse.
func (w *Worker) runBounded(ctx context.Context, t task) {
	bounded, cancel := context.WithTimeout(ctx, t.timeout())
	defer cancel()
	if err := w.run(bounded, t); err != nil {
		w.logUnlessStopping(ctx, t.name, err)
	}
}

// pulseOnce sweeps and returns when the next idle chat is due.
func (w *Worker) pulseOnce(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, pulseTimeout)
	defer cancel()
	w.lastRun[TaskSweep].Store(time.Now().UnixNano())
	var next time.Duration
	err := w.traced(ctx, TaskSweep, func(ctx context.Context) (err error) {
		next, err = w.desk.Sweep(ctx)
		return err
	})
	if err != nil {
		w.logUnlessStopping(ctx, TaskSweep, err)
		return maxPause
	}
	return min(maxPause, next)
}

// logUnlessStopping logs the failure of a task, unless it failed because the worker stops.
func (w *Worker) logUnlessStopping(ctx context.Context, task string, err error) {
	if ctx.Err() == nil {
		w.log.Warn("periodic task failed, will retry at its next run", "task", task, "error", err)
	}
}

// quietLog passes the log lines of asynq to ours, one level lower.
type quietLog struct{ log *slog.Logger }

func (l quietLog) Debug(args ...any) { l.log.Debug(fmt.Sprint(args...), "from", "asynq") }
func (l quietLog) Info(args ...any)  { l.log.Debug(fmt.Sprint(args...), "from", "asynq") }
func (l quietLog) Warn(args ...any)  { l.log.Warn(fmt.Sprint(args...), "from", "asynq") }
func (l quietLog) Error(args ...any) { l.log.Warn(fmt.Sprint(args...), "from", "asynq") }
func (l quietLog) Fatal(args ...any) { l.log.Error(fmt.Sprint(args...), "from", "asynq") }
