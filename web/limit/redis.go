package limit

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// budget is how long a request waits for one answer of Redis; it may ask twice.
const budget = 140 * time.Millisecond

// window keeps, per key, a sorted set of the times of what was counted. It gives exactly n in any minute, which a
// leaky bucket does not: that lets one more through every 60/n seconds.
//
// KEYS   what is counted
// ARGV   mode (look, take, note, give), window in µs, a name for this count, then the limit of each key
// Output 0 if granted, else the µs until the fullest key has room
var window = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local mode, span, name = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local wait = 0
for i, key in ipairs(KEYS) do
  local n = tonumber(ARGV[3 + i])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - span)
  if mode == 'give' then
    redis.call('ZREM', key, name)
  elseif mode ~= 'note' then
    local count = redis.call('ZCARD', key)
    if count >= n then
      local at = redis.call('ZRANGE', key, count - n, count - n, 'WITHSCORES')
      wait = math.max(wait, tonumber(at[2]) + span - now, 1)
    end
  end
end
if wait == 0 and (mode == 'take' or mode == 'note') then
  for _, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, name)
    redis.call('PEXPIRE', key, math.ceil(span / 1000))
  end
end
return wait
`)

type shared struct {
	client *redis.Client
	prefix string
}

// newShared opens a pool of its own: its timeouts are shorter than anybody else's, and a queue of other
// commands must not eat the budget.
func newShared(opts redis.Options, prefix string) *shared {
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = budget, budget, budget, budget
	opts.MaxRetries, opts.DialerRetries = -1, 1
	opts.PoolSize, opts.MinIdleConns = 64, 4 // connections that are there already cost the budget nothing
	return &shared{client: redis.NewClient(&opts), prefix: prefix}
}

func (s *shared) apply(ctx context.Context, do mode, name string, bounds []bound) (Verdict, error) {
	// The caller's cancellation is not Redis's failure: it must not open the circuit for everybody.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget)
	defer cancel()
	keys := make([]string, len(bounds))
	args := []any{string(do), Window.Microseconds(), name}
	for i, b := range bounds {
		keys[i] = s.prefix + b.key
		args = append(args, b.n)
	}
	wait, err := window.Run(ctx, s.client, keys, args...).Int64()
	if err != nil {
		return Verdict{}, fmt.Errorf("limit: redis: %w", err)
	}
	if wait > 0 {
		return refused(time.Duration(wait) * time.Microsecond), nil
	}
	return granted, nil
}

// probe counts something that has no limit: a Redis that answers but takes nothing is not back.
func (s *shared) probe() error {
	_, err := s.apply(context.Background(), note, "probe", []bound{{key: "probe", n: 1}})
	return err
}
