package main

import (
	"context"
	"fmt"
	"time"

	"parley/models"
)

// yearOfChats inserts ended chats as of chatsOverDays, over the last 365 days.
func yearOfChats(chats, users, agents int) string { return chatsOverDays(chats, users, agents, 365) }

// chatsOverDays inserts ended chats that are spread evenly over the last days, with waits and their estimates, outcomes and
// tags of several kinds.
func chatsOverDays(chats, users, agents, days int) string {
	return fmt.Sprintf(
		`INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at,
			first_response_at, ended_at, ended_reason, ended_type, version, total_messages, rating, rated_at, outcome, tags,
			wrapped_up_at, assignments, predicted_known, predicted_seconds, predicted_low_seconds, predicted_high_seconds)
		SELECT 'y' || n, 'u' || n %% %d + 1, 'a' || n %% %d + 1, 'ended', at, at, at, at + wait,
			at + wait, at + wait + interval '9 s' * (1 + n %% 5),
			at + wait + handle, 'user_ended', 'manual', 3, n %% 40, CASE WHEN n %% 3 = 0 THEN 1 + n %% 5 END, CASE WHEN n %% 3 = 0 THEN at END,
			'Outcome ' || n %% 6, ARRAY['Tag ' || n %% 20], at + wait + handle + interval '1 s' * (n %% 90), 1 + (n %% 9 = 0)::int,
			n %% 50 > 0, n * 11 %% 600, n * 11 %% 600 / 2, n * 11 %% 600 * 2
		FROM (SELECT n, now() - n * interval '%[4]d days' / %[3]d AS at, interval '1 s' * (n * 7 %% 600) AS wait,
				interval '1 s' * (60 + n * 13 %% 1500) AS handle
			FROM generate_series(1, %[3]d) n) ended`,
		users,
		agents,
		chats,
		days,
	)
}

const dueQuarters = `INSERT INTO report_due (starts_at) SELECT DISTINCT starts_at FROM report_facts ORDER BY starts_at`

// measureReports measures reports over a year, by several groupings in two time zones, after all quarters were summed up.
func measureReports(ctx context.Context, b *bench) error {
	const agentsN = 100
	chats, usersN := b.opts.size(1_000_000, 5000), b.opts.size(100_000, 1000)
	database, err := b.seeded(ctx, users(usersN), agents(agentsN, 5, 0), supervisor, yearOfChats(chats, usersN, agentsN), dueQuarters)
	if err != nil {
		return err
	}
	took, err := b.countReports(ctx, database)
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database, append([]string{"RETENTION=10000h"}, noTimeouts...)...)
	if err != nil {
		return err
	}
	c := &conn{addr: server.addr}
	defer c.close()
	type reading struct {
		name, path string
		bound      float64
	}
	daysAgo := func(days int) string { return time.Now().AddDate(0, 0, -days).UTC().Format(time.RFC3339) }
	readings := []reading{
		{"accuracy of the estimated wait over 28 days", "/api/supervisor/wait?from=" + daysAgo(28), 300},
		{"statistics of a year", "/api/supervisor/stats?from=" + daysAgo(365), 50},
	}
	for _, query := range []string{
		"by=month", "by=day", "by=hour", "by=agent", "by=tag", "by=outcome&time_zone=Asia/Shanghai", "by=hour&time_zone=Asia/Shanghai",
		"by=hour&time_zone=Asia/Kolkata", "by=day&only=agent:a1",
	} {
		readings = append(readings, reading{"report over a year, " + query, "/api/supervisor/reports?range=year&" + query, 300})
	}
	for _, read := range readings {
		var rounds []float64
		raw := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", read.path, server.addr, agentToken(0))
		for n := range b.opts.rounds + 1 {
			began := time.Now()
			status, body, err := c.do(ctx, raw)
			if err != nil || status != 200 {
				return fmt.Errorf("%s was answered %d: %w %.200s", read.path, status, err, body)
			}
			if n > 0 { // the first round is the warm-up
				rounds = append(rounds, milliseconds(time.Since(began)))
			}
		}
		b.table.atMost(read.name, "ms", sampleOf(rounds...), read.bound,
			fmt.Sprintf("%d ended chats, summed up in %.0f s", chats, took.Seconds()))
	}
	return nil
}

// countReports sums up what is due and returns how long it took.
func (b *bench) countReports(ctx context.Context, database string) (time.Duration, error) {
	desk, closeDesk, err := b.openDesk(ctx, database, models.DefaultSettings())
	if err != nil {
		return 0, err
	}
	defer closeDesk()
	began := time.Now()
	for n := 1; n > 0; {
		if n, err = desk.CountReports(ctx); err != nil {
			return 0, err
		}
	}
	if _, err := desk.DB().NewRaw(`VACUUM (ANALYZE) report_buckets`).Exec(ctx); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}
