package models

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// queueRates are what the latest chats of one queue tell about its waits.
type queueRates struct {
	handling    time.Duration // mean time from assignment to end
	abandonRate float64       // see [AbandonRate]
}

const (
	// defaultHandling is taken as the handling time until a first chat has ended.
	defaultHandling = 5 * time.Minute
	// fewestHandled is how many chats of a department must have ended before its own handling time counts, and
	// fewestWaited how many must have waited before its own rate of leaving does. Until then those of all chats count.
	fewestHandled, fewestWaited = 20, 20
	// ratesFresh is how old rates may become before they are read again.
	ratesFresh = 15 * time.Second
)

// recentRates reads, for each department and for all chats together (""), the handling time of the latest 200 chats that
// an agent had, and how many left of the latest 200 that waited, among the latest 2,000. A chat waited if no agent took it within
// a second. Chats that only a bot had are no part of them.
var recentRates = `SELECT slug, handled, handling, waited, gone, seconds FROM departments d
	CROSS JOIN LATERAL (` + ratesOf("AND c.department = d.slug") + `) r
	UNION ALL SELECT '', handled, handling, waited, gone, seconds FROM (` + ratesOf("") + `) r`

func ratesOf(condition string) string {
	return `SELECT * FROM
		(SELECT count(*) AS handled, coalesce(avg(extract(epoch FROM ended_at - coalesce(first_assigned_at, assigned_at))), 0)::float8 AS handling
			FROM (SELECT ended_at, first_assigned_at, assigned_at FROM chats c
				WHERE c.status = 'ended' AND c.channel = 'chat' AND c.assigned_at IS NOT NULL AND ` + notWithBot + ` ` + condition + ` ORDER BY c.ended_at DESC LIMIT 200) latest) h,
		(SELECT count(*) AS waited, count(*) FILTER (WHERE first_assigned_at IS NULL) AS gone,
				coalesce(sum(extract(epoch FROM coalesce(first_assigned_at, ended_at) - greatest(created_at, live_at))), 0)::float8 AS seconds
			FROM (SELECT * FROM (SELECT first_assigned_at, ended_at, created_at, live_at FROM chats c
					WHERE c.status = 'ended' AND c.channel = 'chat' AND ` + notWithBot + ` ` + condition + ` ORDER BY c.ended_at DESC LIMIT 2000) latest
				WHERE coalesce(first_assigned_at, ended_at) > greatest(created_at, live_at) + interval '1 second' ORDER BY ended_at DESC LIMIT 200) waited) w`
}

// rateCache holds the rates of the queues: reading them takes longer than an estimate may, and they change slowly.
type rateCache struct {
	mu      sync.Mutex
	rates   map[string]queueRates // by department, "" for all chats
	at      time.Time
	err     error         // of the last reading
	reading chan struct{} // closed when the reading under way ends; nil while there is none
}

// queueRates returns the rates of the queues, by department and "" for all chats, up to 15 s old or as old as the last
// reading that succeeded. Only the first call waits for them.
func (d *Desk) queueRates(ctx context.Context) (map[string]queueRates, error) {
	c := &d.rateCache
	c.mu.Lock()
	rates, read := c.rates, c.reading
	if read == nil && time.Since(c.at) > ratesFresh {
		read = make(chan struct{})
		c.reading = read
		go d.readRates(context.WithoutCancel(ctx), read) // others wait for it too, so it must not end with this request
	}
	c.mu.Unlock()
	if rates != nil {
		return rates, nil
	}
	select {
	case <-read:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rates == nil { // the next call tries again
		return nil, c.err
	}
	return c.rates, nil
}

func (d *Desk) readRates(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	rates, err := d.loadRates(ctx)
	c := &d.rateCache
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.rates, c.at = rates, time.Now()
	}
	c.err, c.reading = err, nil
	close(done)
}

// loadRates reads the rates. A department with too few chats has those of all.
func (d *Desk) loadRates(ctx context.Context) (map[string]queueRates, error) {
	type row struct {
		handled, waited, left int
		handling, seconds     float64
	}
	rows := map[string]row{}
	err := d.queryPreparedRows(ctx, recentRates, nil, func(found pgx.Rows) error {
		var slug string
		var r row
		err := found.Scan(&slug, &r.handled, &r.handling, &r.waited, &r.left, &r.seconds)
		rows[slug] = r
		return err
	})
	if err != nil {
		return nil, err
	}
	rates := map[string]queueRates{}
	all := rows[""]
	for slug, r := range rows {
		if r.handled < fewestHandled {
			r.handled, r.handling = all.handled, all.handling
		}
		if r.waited < fewestWaited {
			r.left, r.seconds = all.left, all.seconds
		}
		own := queueRates{handling: time.Duration(r.handling * float64(time.Second)), abandonRate: AbandonRate(r.left, r.seconds)}
		if r.handled == 0 {
			own.handling = defaultHandling
		}
		own.handling = max(own.handling, time.Second)
		rates[slug] = own
	}
	return rates, nil
}
