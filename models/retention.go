package models

import (
	"context"
	"time"
)

// Clean deletes, in batches, what is kept no longer: ended chats older than RETENTION with everything that hangs on them; sessions and tickets that
// have expired; second factors that were begun and never confirmed; users older than RETENTION who have neither a chat nor a session; figures of the day older than 35 days; rows of the
// audit log older than AUDIT_RETENTION. It returns how many chats it deleted. It may run at any time, anywhere, and twice.
func (d *Desk) Clean(ctx context.Context) (int, error) {
	s := d.Settings()
	deleted, err := d.deleteAll(ctx, 100, `DELETE FROM chats WHERE id IN (SELECT id FROM chats WHERE status = 'ended' AND ended_at < now() - make_interval(secs => ?0)
		ORDER BY ended_at LIMIT ?1 FOR UPDATE SKIP LOCKED)`, s.Retention)
	if err != nil {
		return deleted, err
	}
	for _, query := range []string{
		`DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_at < now() - make_interval(secs => ?0) ORDER BY expires_at LIMIT ?1)`,
		`DELETE FROM stream_tickets WHERE token_hash IN (SELECT token_hash FROM stream_tickets WHERE expires_at < now() - make_interval(secs => ?0) ORDER BY expires_at LIMIT ?1)`,
	} {
		if _, err := d.deleteAll(ctx, 5000, query, 0); err != nil {
			return deleted, err
		}
	}
	if err := d.cleanUsers(ctx, s.Retention); err != nil {
		return deleted, err
	}
	for _, query := range []string{
		`DELETE FROM sign_in_steps WHERE expires_at < now()`,
		`DELETE FROM second_factors WHERE confirmed_at IS NULL AND created_at < now() - interval '1 day'`,
		`DELETE FROM minute_samples WHERE minute < now() - interval '35 days'`,
	} {
		if _, err := d.db.NewRaw(query).Exec(ctx); err != nil {
			return deleted, translate(err)
		}
	}
	return deleted, d.cleanAudit(ctx, s.AuditRetention)
}

// deleteAll runs a statement with an age and the most rows of a batch until it finds less than that. It returns how many it deleted.
func (d *Desk) deleteAll(ctx context.Context, batch int, query string, age time.Duration) (int, error) {
	for deleted := 0; ; {
		res, err := d.db.NewRaw(query, age.Seconds(), batch).Exec(ctx)
		if err != nil {
			return deleted, translate(err)
		}
		n, _ := res.RowsAffected()
		if deleted += int(n); int(n) < batch {
			return deleted, nil
		}
	}
}

// unneeded is a user of whom there is nothing but the profile, once what has expired is deleted.
const unneeded = ` NOT EXISTS (SELECT FROM chats c WHERE c.user_id = u.id) AND NOT EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id)
	AND NOT EXISTS (SELECT FROM stream_tickets t WHERE t.user_id = u.id)`

// cleanUsers goes through the users by age. Whoever signs tokens for a user who is needed again brings the profile again.
func (d *Desk) cleanUsers(ctx context.Context, retention time.Duration) error {
	const page = 1000
	var last User
	for more := true; more; {
		err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
			var old []User
			err := t.NewRaw(`SELECT id, created_at FROM users WHERE created_at < now() - make_interval(secs => ?) AND (created_at, id) > (?, ?)
				ORDER BY created_at, id LIMIT ?`, retention.Seconds(), last.CreatedAt, last.ID, page).Scan(ctx, &old)
			if more = err == nil && len(old) == page; err != nil || len(old) == 0 {
				return err
			}
			ids := make([]string, len(old))
			for i := range old {
				ids[i] = old[i].ID
			}
			// Whoever starts a chat or a session holds the row, and once it is locked nobody can: then it is looked at again.
			var locked, signed []string
			if err := t.NewRaw(`SELECT u.id FROM users u WHERE u.id IN (?) AND `+unneeded+` FOR UPDATE SKIP LOCKED`, bunIn(ids)).Scan(ctx, &locked); err != nil {
				return err
			}
			if len(locked) > 0 {
				err := t.NewRaw(`WITH gone AS (DELETE FROM users u WHERE u.id IN (?) AND `+unneeded+` RETURNING id, is_verified)
					SELECT id FROM gone WHERE is_verified`, bunIn(locked)).Scan(ctx, &signed)
				if err != nil {
					return err
				}
			}
			if len(signed) > 0 { // who holds a signed token has no session: nobody must go on as if the user were there
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

// cleanAudit deletes by the one function that the log allows.
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
