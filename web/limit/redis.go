package limit

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// budget is how long a request waits for one answer of Redis; it may ask twice.
const budget = 140 * time.Millisecond

// window keeps, per key, a list of what was counted last, the newest first, each with its time. It gives exactly n in any minute, which a
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
if mode == 'look' or mode == 'take' then
  for i, key in ipairs(KEYS) do
    local nth = redis.call('LINDEX', key, ARGV[3 + i] - 1)
    if nth then
      wait = math.max(wait, tonumber(string.match(nth, '^%d+')) + span - now)
    end
  end
end
if mode == 'give' then
  for _, key in ipairs(KEYS) do
    for _, entry in ipairs(redis.call('LRANGE', key, 0, 99)) do
      if string.match(entry, ' (.*)') == name then
        redis.call('LREM', key, 1, entry)
        break
      end
    end
  end
elseif wait <= 0 and mode ~= 'look' then
  local entry = string.format('%.0f %s', now, name)
  for i, key in ipairs(KEYS) do
    if redis.call('LPUSH', key, entry) > 2 * ARGV[3 + i] then
      redis.call('LTRIM', key, 0, ARGV[3 + i] - 1)
    end
    redis.call('PEXPIRE', key, math.ceil(span / 1000))
  end
end
return math.max(wait, 0)
`)

// shared counts in Redis. Questions that come while others are on their way go together, in one round trip.
type shared struct {
	client *redis.Client
	prefix string
	asked  chan *request
}

type request struct {
	keys   []string
	args   []any
	answer chan response // holds one: nobody waits for whoever has given up
}

type response struct {
	wait int64 // µs
	err  error
}

// maxTogether is how many questions go in one round trip.
const maxTogether = 64

// newShared opens a pool of its own: its timeouts are shorter than anybody else's, and a queue of other
// commands must not eat the budget. It works until done is closed.
func newShared(opts redis.Options, prefix string, done <-chan struct{}) *shared {
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = budget, budget, budget, budget
	opts.MaxRetries, opts.DialerRetries = -1, 1
	opts.PoolSize, opts.MinIdleConns = 8, 2 // connections that are there already cost the budget nothing
	s := &shared{client: redis.NewClient(&opts), prefix: prefix, asked: make(chan *request)}
	for range 2 { // one writes while the other waits
		go s.run(done)
	}
	return s
}

func (s *shared) apply(ctx context.Context, do mode, name string, bounds []bound) (Verdict, error) {
	// The caller's cancellation is not Redis's failure: it must not open the circuit for everybody.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget)
	defer cancel()
	q := &request{args: []any{string(do), Window.Microseconds(), name}, answer: make(chan response, 1)}
	for _, b := range bounds {
		q.keys = append(q.keys, s.prefix+b.key)
		q.args = append(q.args, b.n)
	}
	var got response
	select {
	case s.asked <- q:
		select {
		case got = <-q.answer:
		case <-ctx.Done():
			got.err = ctx.Err()
		}
	case <-ctx.Done():
		got.err = ctx.Err()
	}
	switch {
	case got.err != nil:
		return Verdict{}, fmt.Errorf("limit: redis: %w", got.err)
	case got.wait > 0:
		return refused(time.Duration(got.wait) * time.Microsecond), nil
	}
	return granted, nil
}

func (s *shared) run(done <-chan struct{}) {
	for {
		var together []*request
		select {
		case <-done:
			return
		case first := <-s.asked:
			together = append(together, first)
		}
		for more := true; more && len(together) < maxTogether; {
			select {
			case next := <-s.asked:
				together = append(together, next)
			default:
				more = false
			}
		}
		s.ask(together)
	}
}

func (s *shared) ask(together []*request) {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	replies := s.send(ctx, together)
	if redis.HasErrorPrefix(replies[0].Err(), "NOSCRIPT") { // Redis was started anew; it did none of them
		if err := window.Load(ctx, s.client).Err(); err == nil {
			replies = s.send(ctx, together)
		}
	}
	for i, q := range together {
		wait, err := replies[i].Int64()
		q.answer <- response{wait, err}
	}
}

func (s *shared) send(ctx context.Context, together []*request) []*redis.Cmd {
	replies := make([]*redis.Cmd, len(together))
	pipe := s.client.Pipeline()
	for i, q := range together {
		replies[i] = window.EvalSha(ctx, pipe, q.keys, q.args...)
	}
	_, _ = pipe.Exec(ctx) // each reply has its own error
	return replies
}

// probe counts something that has no limit: a Redis that answers but takes nothing is not back.
func (s *shared) probe() error {
	_, err := s.apply(context.Background(), note, "probe", []bound{{key: "probe", n: 1}})
	return err
}
