package limit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/models/redisclient"
)

// budget is how long a caller waits for one answer of Redis. A request may need two, for Allow and Refund.
const budget = 140 * time.Millisecond

// window keeps, for each key, a list of what was counted last, the newest first, each with its time. It allows exactly n in
// any minute, which a leaky bucket does not: that allows one more every 60/n seconds. Redis's clock counts, since those of
// the instances differ.
//
// KEYS   what is counted; in a cluster all of them have one hash tag
// ARGV   mode, window in µs, a name for this count, then the limit of each key
// Output 0 if granted, else the µs until no key is over its limit
var window = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local mode, span, name = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local wait = 0
if mode == 'peek' or mode == 'allow' then
  for i, key in ipairs(KEYS) do
    local nth = redis.call('LINDEX', key, ARGV[3 + i] - 1)
    if nth then
      wait = math.max(wait, tonumber(string.match(nth, '^%d+')) + span - now)
    end
  end
end
if mode == 'refund' then
  for _, key in ipairs(KEYS) do
    for _, entry in ipairs(redis.call('LRANGE', key, 0, 99)) do
      if string.match(entry, ' (.*)') == name then
        redis.call('LREM', key, 1, entry)
        break
      end
    end
  end
elseif wait <= 0 and mode ~= 'peek' then
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

// appendCounts counts what an instance has granted by itself. With a run of window for each of them, Redis and an instance with 2,000
// messages a second were busy for up to 80 ms at a time.
//
// KEYS   what is counted
// ARGV   window in µs, then for each key its limit, the number of names, and the names
var appendCounts = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local at = 2
for _, key in ipairs(KEYS) do
  local limit, n = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local entries = {}
  for i = 1, n do
    entries[i] = string.format('%.0f %s', now, ARGV[at + 1 + i])
  end
  at = at + 2 + n
  if redis.call('LPUSH', key, unpack(entries)) > 2 * limit then
    redis.call('LTRIM', key, 0, limit - 1)
  end
  redis.call('PEXPIRE', key, math.ceil(ARGV[1] / 1000))
end
return 0
`)

// maxAppended is how many counts one run of appendCounts takes: the arguments of a command in a script are limited.
const maxAppended = 1000

// shared counts in Redis. Requests that come while a batch is on its way form the next batch, which is one round trip.
type shared struct {
	client   redis.UniversalClient
	prefix   string
	requests chan *request
}

type request struct {
	script *redis.Script
	keys   []string
	args   []any
	answer chan response // buffered, so that answering does not block if the caller gave up
}

type response struct {
	wait int64 // µs
	err  error
}

// maxBatch is how many requests go in one round trip.
const maxBatch = 64

// newShared opens connections of its own: its timeouts are shorter than those of other uses, and a queue of other commands
// must not use up the budget. It works until done is closed.
//
// In a cluster the prefix is the hash tag of every key, so that all are at one node. One script may count several, and what a probe
// finds is true for all: were they spread, a probe could reach another node than the one that has failed. On one server, and with
// sentinels, the keys have no hash tag, as in earlier releases, so that instances of both count together during an upgrade.
func newShared(opts redisclient.Options, prefix string, done <-chan struct{}) *shared {
	opts.ContextTimeoutEnabled = true
	opts.SetTimeout(budget)
	opts.MaxRetries, opts.DialerRetries = -1, 1
	opts.PoolSize, opts.MinIdleConns = 8, 2 // an open connection takes nothing from the budget
	if opts.IsCluster() {
		prefix = "{" + prefix + "}"
	}
	s := &shared{client: opts.Client(), prefix: prefix, requests: make(chan *request)}
	for range 2 { // so that a batch can go out while another is on its way
		go s.run(done)
	}
	return s
}

func (s *shared) request(do mode, name string, bounds []bound) *request {
	r := &request{script: window, args: []any{string(do), Window.Microseconds(), name}, answer: make(chan response, 1)}
	for _, b := range bounds {
		r.keys = append(r.keys, s.prefix+b.key)
		r.args = append(r.args, b.limit)
	}
	return r
}

// apply returns the verdict of Redis, or an error when there is none within the budget.
func (s *shared) apply(ctx context.Context, do mode, name string, bounds []bound) (Verdict, error) {
	// The end of a request is no failure of Redis, and must not degrade the limiter.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget)
	defer cancel()
	r := s.request(do, name, bounds)
	var got response
	select {
	case s.requests <- r:
		select {
		case got = <-r.answer:
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

// run sends batches until done is closed.
func (s *shared) run(done <-chan struct{}) {
	for {
		var batch []*request
		select {
		case <-done:
			return
		case first := <-s.requests:
			batch = append(batch, first)
		}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case next := <-s.requests:
				batch = append(batch, next)
			default:
				more = false
			}
		}
		s.answer(batch)
	}
}

// answer sends a batch and passes each request its reply.
func (s *shared) answer(batch []*request) {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	for i, reply := range s.send(ctx, batch) {
		wait, err := reply.Int64()
		batch[i].answer <- response{wait, err}
	}
}

// record counts what this instance has granted, all of it in one round trip.
func (s *shared) record(counts []count) error {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	var batch []*request
	for some := range slices.Chunk(counts, maxAppended) {
		batch = append(batch, s.appendRequest(some))
	}
	for _, reply := range s.send(ctx, batch) {
		if err := reply.Err(); err != nil {
			return fmt.Errorf("limit: redis: %w", err)
		}
	}
	return nil
}

func (s *shared) appendRequest(counts []count) *request {
	names, limits := map[string][]any{}, map[string]int{}
	r := &request{script: appendCounts, args: []any{Window.Microseconds()}}
	for _, c := range counts {
		for _, b := range c.bounds {
			names[b.key] = append(names[b.key], c.name)
			limits[b.key] = b.limit
		}
	}
	for key, all := range names {
		r.keys = append(r.keys, s.prefix+key)
		r.args = append(append(r.args, limits[key], len(all)), all...)
	}
	return r
}

// send returns the replies to a batch of one script.
func (s *shared) send(ctx context.Context, batch []*request) []*redis.Cmd {
	replies := s.pipeline(ctx, batch, false)
	if redis.HasErrorPrefix(replies[0].Err(), "NOSCRIPT") { // Redis was restarted or another took its place, and ran none of them
		replies = s.pipeline(ctx, batch, true)
	}
	return replies
}

// pipeline sends a batch in one round trip: the first with the text of the script if Redis does not have it, the others by its digest.
func (s *shared) pipeline(ctx context.Context, batch []*request, withText bool) []*redis.Cmd {
	replies := make([]*redis.Cmd, len(batch))
	pipe := s.client.Pipeline()
	for i, r := range batch {
		run := r.script.EvalSha
		if i == 0 && withText {
			run = r.script.Eval
		}
		replies[i] = run(ctx, pipe, r.keys, r.args...)
	}
	_, _ = pipe.Exec(ctx) // each reply has its own error
	return replies
}

// probe counts something without a limit: a Redis that answers but accepts no writes is not back.
func (s *shared) probe() error {
	_, err := s.apply(context.Background(), record, "probe", []bound{{key: "probe", limit: 1}})
	return err
}
