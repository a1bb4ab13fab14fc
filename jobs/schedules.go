package jobs

import (
	"context"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"parley/models/redisclient"
)

const (
	// schedulesStale is how long after its last heartbeat a schedule counts as one whose process was killed. A schedule sends a heartbeat
	// before each of its tasks, so every SWEEP_INTERVAL or 20 s, the shorter of the two. One that was only cut off loses the list of its
	// latest tasks, which nothing reads, and registers again.
	schedulesStale = 5 * time.Minute
	// schedulesEvery is how often a worker removes what killed processes left.
	schedulesEvery = time.Minute
	// schedulesAtOnce bounds one removal.
	schedulesAtOnce = 500
	scheduleTimeout = time.Second
	// historyKey is where asynq keeps a schedule's latest tasks, without an expiry: asynq removes it when the process stops, and a process
	// that is killed leaves it. The key does not identify its installation.
	historyKey = "asynq:scheduler_history:"
)

// schedules tracks the entries of this installation in asynq's schedule, by a sorted set of its own: the id of each
// entry with its last heartbeat in Unix seconds.
type schedules struct {
	client redis.UniversalClient
	key    string
	own    []string // complete before the scheduler starts
}

func newSchedules(options *redisclient.Options, prefix string) *schedules {
	return &schedules{client: options.Client(), key: prefix + "schedules"}
}

// add registers an entry of this process.
func (s *schedules) add(entry string) { s.own = append(s.own, entry) }

// sign sends a heartbeat. It comes before asynq writes anything for an entry, so that no history exists without its
// entry in the set.
func (s *schedules) sign() {
	ctx, cancel := context.WithTimeout(context.Background(), scheduleTimeout)
	defer cancel()
	members := make([]redis.Z, 0, len(s.own))
	for _, entry := range s.own {
		members = append(members, redis.Z{Score: float64(time.Now().Unix()), Member: entry})
	}
	_ = s.client.ZAdd(ctx, s.key, members...).Err() // without Redis there is no history either
}

// run removes what killed processes left, at once and then every minute, until the context ends.
func (s *schedules) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		s.removeStale(ctx)
		timer.Reset(schedulesEvery)
	}
}

// removeStale removes the histories of stale entries of this installation. It also reads asynq's lists of processes,
// which is what makes asynq remove the names of expired ones.
func (s *schedules) removeStale(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, scheduleTimeout)
	defer cancel()
	before := strconv.FormatInt(time.Now().Add(-schedulesStale).Unix(), 10)
	stale, err := s.client.ZRangeArgs(bounded, redis.ZRangeArgs{
		Key: s.key, ByScore: true, Start: "-inf", Stop: before,
		Count: schedulesAtOnce,
	}).Result()
	if err != nil {
		return // the next removal finds them
	}
	s.remove(bounded, stale)
	inspector := asynq.NewInspectorFromRedisClient(s.client)
	_, _ = inspector.Servers()
	_, _ = inspector.SchedulerEntries()
}

// remove removes the histories, then the entries: while a history is left, so is the entry by which it is found. In a cluster they are at
// several nodes, so no transaction can hold them.
func (s *schedules) remove(ctx context.Context, entries []string) {
	if len(entries) == 0 {
		return
	}
	names := make([]any, len(entries))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, entry := range entries {
			names[i] = entry
			p.Del(ctx, historyKey+entry)
		}
		return nil
	})
	if err != nil {
		return // the next removal finds them
	}
	_ = s.client.ZRem(ctx, s.key, names...).Err()
}

// close removes the entries of this process. The scheduler must have stopped.
func (s *schedules) close() {
	ctx, cancel := context.WithTimeout(context.Background(), scheduleTimeout)
	defer cancel()
	s.remove(ctx, s.own)
	_ = s.client.Close()
}
