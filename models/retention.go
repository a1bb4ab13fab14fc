package models

import (
	"context"
	"time"
)

// Clean deletes what is no longer kept, in batches, and returns how many chats it deleted:
//
// ended chats older than RETENTION with everything that belongs to them, and the partitions of messages that have no others; expired
// sessions and tickets; second factors that were started and never confirmed; drafts of chats that ended 7 days ago; users older than
// RETENTION without a chat or a session; changes of presence and temporary capacities older than 35 days; minutes older than
// MINUTES_RETENTION; alerts that were cleared a year ago; what webhooks were told before WEBHOOK_RETENTION; rows of the audit log older
// than AUDIT_RETENTION.
//
// It may run at any time, on any machine, and several times at once.
func (d *Desk) Clean(ctx context.Context) (int, error) {
	s := d.Settings()
	dropped, err := d.dropPartitions(ctx, s.Retention)
	if err != nil {
		return dropped, err
	}
	deleted, err := d.deleteAll(ctx, 100, `DELETE FROM chats WHERE id IN (SELECT id FROM chats WHERE status = 'ended'
		AND ended_at < now() - make_interval(secs => ?0)
		ORDER BY ended_at LIMIT ?1 FOR UPDATE SKIP LOCKED)`, s.Retention)
	if deleted += dropped; err != nil {
		return deleted, err
	}
	for _, query := range []string{
		`DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_at < now() - make_interval(secs => ?0)
			ORDER BY expires_at LIMIT ?1)`,
		`DELETE FROM stream_tickets WHERE token_hash IN (SELECT token_hash FROM stream_tickets
			WHERE expires_at < now() - make_interval(secs => ?0) ORDER BY expires_at LIMIT ?1)`,
	} {
		if _, err := d.deleteAll(ctx, 5000, query, 0); err != nil {
			return deleted, err
		}
	}
	if _, err := d.deleteAll(ctx, 5000, `DELETE FROM drafts WHERE (chat_id, agent_id, kind) IN (SELECT d.chat_id, d.agent_id, d.kind
		FROM drafts d JOIN chats c ON c.id = d.chat_id WHERE c.ended_at < now() - make_interval(secs => ?0) LIMIT ?1)`,
		draftsKeptAfterEnd); err != nil {
		return deleted, err
	}
	if _, err := d.deleteAll(ctx, 5000, `DELETE FROM presence_changes WHERE id IN (SELECT id FROM presence_changes
		WHERE at < now() - make_interval(secs => ?0) ORDER BY at LIMIT ?1)`, presenceHistory); err != nil {
		return deleted, err
	}
	if _, err := d.deleteAll(
		ctx,
		5000,
		`DELETE FROM minute_buckets WHERE (department, minute) IN (SELECT department, minute FROM minute_buckets
		WHERE minute < now() - make_interval(secs => ?0) ORDER BY minute LIMIT ?1)`,
		s.MinutesRetention,
	); err != nil {
		return deleted, err
	}
	if err := d.cleanUsers(ctx, s.Retention); err != nil {
		return deleted, err
	}
	if err := d.cleanWebhooks(ctx, s.WebhookRetention); err != nil {
		return deleted, err
	}
	for _, query := range []string{
		`DELETE FROM sign_in_steps WHERE expires_at < now()`,
		`DELETE FROM sso_flows WHERE expires_at < now()`,
		`DELETE FROM sso_logouts WHERE expires_at < now()`,
		`DELETE FROM second_factors WHERE confirmed_at IS NULL AND created_at < now() - interval '1 day'`,
		`DELETE FROM sent_forms WHERE sent_at < now() - interval '1 day'`,
		`DELETE FROM alerts WHERE cleared_at < now() - interval '365 days'`,
		`DELETE FROM minute_samples WHERE minute < now() - interval '35 days'`,
		`DELETE FROM wallboard_keys WHERE revoked_at < now() - interval '30 days'`, // see revokedKept
		`DELETE FROM push_notices WHERE made_at < now() - interval '1 hour'`,       // longer than pushMaxAge and PushTTL together
		`DELETE FROM temporary_capacities WHERE ended_at < now() - interval '35 days'`,
	} {
		if _, err := d.db.NewRaw(query).Exec(ctx); err != nil {
			return deleted, translate(err)
		}
	}
	return deleted, d.cleanAudit(ctx, s.AuditRetention)
}

// deleteAll repeats a DELETE, whose parameters are an age, the size of a batch and others, until a batch is not full. It returns
// how many rows it deleted. Small batches keep locks and transactions short.
func (d *Desk) deleteAll(ctx context.Context, batch int, query string, age time.Duration, others ...any) (int, error) {
	for deleted := 0; ; {
		res, err := d.db.NewRaw(query, append([]any{age.Seconds(), batch}, others...)...).Exec(ctx)
		if err != nil {
			return deleted, translate(err)
		}
		n, _ := res.RowsAffected()
		if deleted += int(n); int(n) < batch {
			return deleted, nil
		}
	}
}

// unneeded is the condition that nothing but the profile is stored about a user.
const unneeded = ` NOT EXISTS (SELECT FROM chats c WHERE c.user_id = u.id) AND NOT EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id)
	AND NOT EXISTS (SELECT FROM stream_tickets t WHERE t.user_id = u.id)`

// cleanUsers deletes users who are not needed, in pages by age. If a host site signs a token for such a user later, the user is
// created again from the token.
func (d *Desk) cleanUsers(ctx context.Context, retention time.Duration) error {
	const page = 1000
	var last User
	for more := true; more; {
		err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
			var old []User
			err := t.NewRaw(`SELECT id, created_at FROM users WHERE created_at < now() - make_interval(secs => ?) AND (created_at, id) > (?, ?)
				ORDER BY created_at, id LIMIT ?`, retention.Seconds(), last.CreatedAt, last.ID, page).
				Scan(ctx, &old)
			if more = err == nil && len(old) == page; err != nil || len(old) == 0 {
				return err
			}
			ids := make([]string, len(old))
			for i := range old {
				ids[i] = old[i].ID
			}
			// A request that starts a chat or a session locks the row. Once the row is locked here no request can, so
			// the second condition is final.
			var locked, signed []string
			if err := t.NewRaw(`SELECT u.id FROM users u WHERE u.id IN (?)
				AND `+unneeded+` FOR UPDATE SKIP LOCKED`, bunIn(ids)).Scan(ctx, &locked); err != nil {
				return err
			}
			if len(locked) > 0 {
				err := t.NewRaw(`WITH gone AS (DELETE FROM users u WHERE u.id IN (?) AND `+unneeded+` RETURNING id, is_verified)
					SELECT id FROM gone WHERE is_verified`, bunIn(locked)).Scan(ctx, &signed)
				if err != nil {
					return err
				}
			}
			if len(signed) > 0 { // a signed token is no session, so instances that cache its user must be told
				t.emit(Event{Kind: KindSignedOut, UserIDs: signed})
			}
			last = old[len(old)-1]
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// cleanAudit deletes old rows of the audit log, by the one function that the database allows for it.
func (d *Desk) cleanAudit(ctx context.Context, retention time.Duration) error {
	const batch = 5000
	for {
		var n int
		err := d.db.NewRaw(`SELECT audit_log_forget(now() - make_interval(secs => ?), ?)`, retention.Seconds(), batch).Scan(ctx, &n)
		if err != nil || n < batch {
			return translate(err)
		}
	}
}
