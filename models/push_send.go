package models

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"
)

// SendPushes notes what the devices of agents are to be told, and sends what is due. Agents are told of new chats and of
// messages that reached no window, of offers, and of chats that they did not open if they are reminded of them: while they
// have given no sign of life for PushAfter, did not choose to be offline, and have no quiet hours.
//
// It reads what chats and messages have stored already, so they cost nothing for it. It may run any number of times at once:
// a device is told of an event once. Where a worker was killed between sending and storing that, it may be told again; the
// second notification then replaces the first one.
func (d *Desk) SendPushes(ctx context.Context) error {
	if d.pusher == nil {
		return nil
	}
	// A notice belongs to a device.
	if hasDevices, err := d.isAny(ctx, `SELECT FROM push_subscriptions`); err != nil || !hasDevices {
		return err
	}
	if err := d.notePushes(ctx); err != nil {
		return err
	}
	for {
		due, err := d.claimPushes(ctx)
		if err != nil || len(due) == 0 {
			return err
		}
		var sending sync.WaitGroup
		failures := make([]error, len(due))
		for i := range due {
			sending.Go(func() { failures[i] = d.sendPush(ctx, &due[i]) })
		}
		sending.Wait()
		if err := errors.Join(failures...); err != nil || len(due) < maxPushes {
			return translate(err)
		}
	}
}

// isAwayWithDevice is the condition for agents a who have a device and no open window; p is the row of pulse.
//
//	$2 PushAfter in seconds
const isAwayWithDevice = `a.choice <> 'offline' AND a.disabled_at IS NULL
	AND ` + lastSign + ` < clock_timestamp() - make_interval(secs => $2)
	AND EXISTS (SELECT FROM push_subscriptions s WHERE s.agent_id = a.id)`

// pushableAgents returns the ids of agents whose devices may be told of something now.
func (d *Desk) pushableAgents(ctx context.Context, t *tx) ([]string, error) {
	agents, err := d.agents(ctx, t, `WHERE `+isAwayWithDevice+` ORDER BY a.id`, PushAfter.Seconds())
	if err != nil {
		return nil, err
	}
	if err := t.tick(ctx); err != nil {
		return nil, err
	}
	ids := []string{}
	for i := range agents {
		quiet := agents[i].Reminders().QuietPeriods(t.now)
		if len(quiet) == 0 || quiet[0].From.After(t.now) {
			ids = append(ids, agents[i].ID)
		}
	}
	return ids, nil
}

// notePushes is a statement that adds a notice for each device and event. One notice covers all that a chat has at that
// time, and the next one is about what came later: another message, which is known by its id, or the next reminder.
//
//	?0 agents  ?1 pushMaxAge in seconds  ?2 REMIND_AFTER in seconds, 0 for never
const notePushes = `WITH chats_of AS (
		SELECT c.id, c.agent_id, c.assigned_at, c.opened_at IS NULL OR c.opened_at < c.assigned_at AS is_unopened,
			m.id AS message_id, m.created_at AS said_at
		FROM chats c LEFT JOIN LATERAL (SELECT id, created_at FROM messages
			WHERE chat_id = c.id AND sender_type = 'user' AND status = 'sent' AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1) m
			ON c.unread_by_agent > 0
		WHERE c.status = 'active' AND c.agent_id = ANY(?0::text[])),
	events AS (
		SELECT c.agent_id, c.id AS chat_id, 'chat' AS kind, 1 AS rank, c.assigned_at AS moment, c.message_id
		FROM chats_of c JOIN agents a ON a.id = c.agent_id
		WHERE c.is_unopened AND (c.message_id IS NOT NULL OR c.assigned_at > a.seen_at)
		UNION ALL
		SELECT o.to_agent_id, o.chat_id, 'offer', 2, o.made_at, NULL FROM transfer_offers o JOIN agents a ON a.id = o.to_agent_id
		WHERE o.state = 'open' AND o.to_agent_id = ANY(?0::text[]) AND o.expires_at > statement_timestamp() AND o.made_at > a.seen_at
		UNION ALL
		SELECT c.agent_id, c.id, 'message', 3, c.said_at, c.message_id FROM chats_of c WHERE c.message_id IS NOT NULL
		UNION ALL
		SELECT c.agent_id, c.id, 'reminder', 4, r.at, c.message_id FROM chats_of c JOIN agents a ON a.id = c.agent_id AND a.reminds
		CROSS JOIN LATERAL (SELECT max(c.assigned_at + make_interval(secs => ?2::float8 * 2 ^ n)) AS at FROM generate_series(0, 20) n
			WHERE c.assigned_at + make_interval(secs => ?2::float8 * 2 ^ n) <= clock_timestamp()) r
		WHERE ?2::float8 > 0 AND c.is_unopened AND r.at IS NOT NULL)
	INSERT INTO push_notices (device_id, chat_id, kind, moment, message_id)
	SELECT DISTINCT ON (s.id, e.chat_id) s.id, e.chat_id, e.kind, e.moment, coalesce(e.message_id, 0)
	FROM events e JOIN push_subscriptions s ON s.agent_id = e.agent_id
	JOIN sessions x ON x.token_hash = s.session_hash AND x.expires_at > now()
	LEFT JOIN LATERAL (SELECT max(n.made_at) AS made_at, max(n.message_id) AS message_id,
			bool_or(n.kind = e.kind AND n.moment = e.moment) AS is_told
		FROM push_notices n WHERE n.device_id = s.id AND n.chat_id = e.chat_id) n ON true
	WHERE e.moment > clock_timestamp() - make_interval(secs => ?1) AND e.moment > s.created_at AND n.is_told IS NOT TRUE AND CASE e.kind
		WHEN 'message' THEN e.message_id > coalesce(n.message_id, 0)
		WHEN 'reminder' THEN e.moment > n.made_at
		ELSE true END
	ORDER BY s.id, e.chat_id, e.rank
	ON CONFLICT DO NOTHING`

// notePushes adds the notices of all agents whose devices may be told now.
func (d *Desk) notePushes(ctx context.Context) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var held bool // else another worker does the same
		if err := t.NewRaw(`SELECT pg_try_advisory_xact_lock(?)`, pushLock).Scan(ctx, &held); err != nil || !held {
			return err
		}
		agents, err := d.pushableAgents(ctx, t)
		if err != nil || len(agents) == 0 {
			return err
		}
		_, err = t.NewRaw(notePushes, pgdialect.Array(agents), pushMaxAge.Seconds(), d.Settings().RemindAfter.Seconds()).Exec(ctx)
		return err
	})
}

// duePush is a notice that this worker sends.
type duePush struct {
	PushDevice `bun:",extend"`

	NoticeID  int64     `bun:"notice_id"`
	Kind      PushKind  `bun:"kind"`
	ChatID    string    `bun:"chat_id"`
	MadeAt    time.Time `bun:"made_at"`
	Tries     int       `bun:"tries"`
	UserID    string    `bun:"user_id"`
	KnownName *string   `bun:"known_name"`
	Verified  bool      `bun:"is_verified"`
	FromName  string    `bun:"from_name"`
	Content   string    `bun:"content"`
	IsWanted  bool      `bun:"is_wanted"`
}

// readDuePushes reads [duePush] rows.
//
//	?0 ids  ?1 PUSH_MESSAGE_TEXT  ?2 agents whose devices may be told  ?3 PushTTL in seconds
const readDuePushes = `SELECT s.id::text, s.agent_id, s.endpoint, s.p256dh, s.auth, s.user_agent, s.locale, s.created_at,
		s.sent_at, s.failed_at,
		n.id AS notice_id, n.kind, n.chat_id, n.made_at, n.tries, c.user_id, u.name AS known_name, u.is_verified,
		coalesce(f.name, '') AS from_name, CASE WHEN ?1 AND n.kind <> 'offer' THEN coalesce(m.content, '') ELSE '' END AS content,
		s.agent_id = ANY(?2::text[]) AND x.expires_at > now() AND n.made_at > statement_timestamp() - make_interval(secs => ?3)
			AND (o.id IS NOT NULL OR n.kind <> 'offer' AND c.status = 'active' AND c.agent_id = s.agent_id) AS is_wanted
	FROM push_notices n JOIN push_subscriptions s ON s.id = n.device_id JOIN sessions x ON x.token_hash = s.session_hash
	JOIN chats c ON c.id = n.chat_id JOIN users u ON u.id = c.user_id
	LEFT JOIN transfer_offers o ON n.kind = 'offer' AND o.chat_id = c.id AND o.state = 'open' AND o.to_agent_id = s.agent_id
	LEFT JOIN agents f ON f.id = o.from_agent_id
	LEFT JOIN LATERAL (SELECT content FROM messages WHERE chat_id = c.id AND sender_type = 'user' AND message_type = 'text'
		AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1) m ON ?1
	WHERE n.id IN (?0) ORDER BY n.id`

// claimPushes takes notices that are due for pushLease, and returns those that are still wanted. The others are done: the
// agent is back, chose otherwise or has quiet hours, or the chat is over or another agent's.
func (d *Desk) claimPushes(ctx context.Context) ([]duePush, error) {
	var wanted []duePush
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		wanted = nil
		var ids []int64
		err := t.NewRaw(`UPDATE push_notices n SET due_at = clock_timestamp() + make_interval(secs => ?), tries = tries + 1
			FROM (SELECT id FROM push_notices WHERE done_at IS NULL AND due_at <= statement_timestamp() ORDER BY due_at LIMIT ?
				FOR UPDATE SKIP LOCKED) due WHERE n.id = due.id RETURNING n.id`, pushLease.Seconds(), maxPushes).Scan(ctx, &ids)
		if err != nil || len(ids) == 0 {
			return err
		}
		agents, err := d.pushableAgents(ctx, t)
		if err != nil {
			return err
		}
		var due []duePush
		if err := t.NewRaw(readDuePushes, bunIn(ids), d.Settings().PushMessageText, pgdialect.Array(agents), PushTTL.Seconds()).
			Scan(ctx, &due); err != nil {
			return err
		}
		var unwanted []int64
		for i := range due {
			if due[i].IsWanted {
				wanted = append(wanted, due[i])
			} else {
				unwanted = append(unwanted, due[i].NoticeID)
			}
		}
		if len(unwanted) == 0 {
			return nil
		}
		_, err = t.NewRaw(`UPDATE push_notices SET done_at = clock_timestamp() WHERE id IN (?)`, bunIn(unwanted)).Exec(ctx)
		return err
	})
	return wanted, err
}

// sendPush sends one notice and stores what became of it. It returns only failures to store.
func (d *Desk) sendPush(ctx context.Context, n *duePush) error {
	err := d.pusher.Push(ctx, PushNotice{
		Device: n.PushDevice, Kind: n.Kind, ChatID: n.ChatID, UserName: displayName(n.KnownName, n.UserID),
		IsUnverified: !n.Verified && n.KnownName != nil, FromName: n.FromName, Content: n.Content,
	})
	ctx = context.WithoutCancel(ctx)
	if serr := d.storePush(ctx, &n.PushDevice, err); serr != nil {
		return serr
	}
	wait := pushRetry << (n.Tries - 1)
	var refusal *PushError
	if errors.As(err, &refusal) {
		wait = max(wait, refusal.RetryAfter)
	}
	if err == nil || refusal != nil && (refusal.IsFinal || refusal.IsGone) || time.Until(n.MadeAt.Add(PushTTL)) < wait {
		_, serr := d.db.NewRaw(`UPDATE push_notices SET done_at = clock_timestamp() WHERE id = ?`, n.NoticeID).Exec(ctx)
		return translate(serr)
	}
	_, serr := d.db.NewRaw(`UPDATE push_notices SET due_at = clock_timestamp() + make_interval(secs => ?) WHERE id = ?`,
		min(wait, maxPushWait).Seconds(), n.NoticeID).Exec(ctx)
	return translate(serr)
}
