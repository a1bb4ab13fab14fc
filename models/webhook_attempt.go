package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// storeAttempt stores the result of an attempt, and what follows from it for delivery and webhook. A process that was so late that another
// one made the same attempt stores nothing.
func (d *Desk) storeAttempt(ctx context.Context, w *Webhook, one *dueDelivery, a *WebhookAnswer, began time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), webhookMargin)
	defer cancel()
	took := time.Since(began)
	patience := d.Settings().WebhookOffAfter
	isTest := one.Type == WebhookTest
	number := one.Attempts + 1
	var gaveUp, switchedOff bool
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		gaveUp, switchedOff = false, false
		if err := t.tick(ctx); err != nil {
			return err
		}
		state, dueAt := "delivered", t.now
		if a.Error != "" {
			state, dueAt = "pending", t.now.Add(max(webhookPause(number-one.Earlier), min(a.RetryAfter, maxWebhookPause)))
			if gaveUp = isTest || dueAt.Sub(one.FirstAt) > patience; gaveUp {
				state = "failed"
			}
		}
		stored, err := t.NewRaw(`UPDATE webhook_deliveries SET attempts = attempts + 1, state = ?0, due_at = ?1,
				finished_at = CASE WHEN ?0 <> 'pending' THEN ?2::timestamptz END
			WHERE id = ?3 AND attempts = ?4 AND state = 'pending'`, state, dueAt, t.now, one.ID, one.Attempts).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := stored.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if err := t.insertAttempt(ctx, one.ID, number, t.now.Add(-took), took, a); err != nil || isTest {
			return err
		}
		if a.Error == "" {
			_, err := t.NewRaw(`UPDATE webhooks SET failures = 0, failing_since = NULL, blocked_until = NULL, delivered_at = ?0
				WHERE id = ?1 AND (failures > 0 OR delivered_at IS NULL OR delivered_at < ?0::timestamptz - interval '1 minute')`, t.now, w.ID).Exec(ctx)
			return err
		}
		var failures int
		var since time.Time
		err = t.NewRaw(`UPDATE webhooks SET failures = failures + 1, failing_since = coalesce(failing_since, ?) WHERE id = ?
			RETURNING failures, failing_since`, t.now, w.ID).Scan(ctx, &failures, &since)
		if err != nil {
			return err
		}
		switchedOff = a.Error == WebhookGone || t.now.Sub(since) > patience
		if block := webhookBlock(failures); block > 0 && !switchedOff {
			_, err = t.NewRaw(`UPDATE webhooks SET blocked_until = ? WHERE id = ?`, t.now.Add(block), w.ID).Exec(ctx)
		}
		return err
	})
	if err != nil {
		return err
	}
	d.countAttempt(w, a, number, gaveUp)
	if switchedOff {
		return d.switchWebhookOff(ctx, w.ID, a.Error, patience)
	}
	return nil
}

func (d *Desk) countAttempt(w *Webhook, a *WebhookAnswer, number int, gaveUp bool) {
	if a.Error == "" {
		d.webhooks.delivered.Add(1)
		return
	}
	d.webhooks.failed.Add(1)
	if gaveUp {
		d.webhooks.gaveUp.Add(1)
	}
	d.log.Info(
		"webhook not delivered",
		"webhook_id",
		w.ID,
		"reason",
		string(a.Error),
		"status",
		a.Status,
		"attempt",
		number,
		"final",
		gaveUp,
		"error",
		a.Cause,
	)
}

func (t *tx) insertAttempt(ctx context.Context, id int64, number int, at time.Time, took time.Duration, a *WebhookAnswer) error {
	_, err := t.NewRaw(`INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, status, error, request_headers, answer_headers, answer)
		VALUES (?, ?, ?, ?, nullif(?, 0), nullif(?, ''), ?, ?, ?)`,
		id, number, at, took.Milliseconds(), a.Status, a.Error, jsonOf(a.Sent), jsonOf(a.Headers), a.Body).
		Exec(ctx)
	return err
}

// switchWebhookOff records that a webhook is told of nothing any more, because it failed for that long or said so, and raises an alert.
func (d *Desk) switchWebhookOff(ctx context.Context, id int64, why WebhookError, patience time.Duration) error {
	return d.changeWebhooks(ctx, func(ctx context.Context, t *tx) error {
		var name string
		err := t.NewRaw(`UPDATE webhooks SET state = ?0 WHERE id = ?1 AND state = ?2 AND removed_at IS NULL
			AND (?3 OR failing_since < statement_timestamp() - make_interval(secs => ?4)) RETURNING name`,
			WebhookOff, id, WebhookOn, why == WebhookGone, patience.Seconds()).Scan(ctx, &name)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return t.audit(ctx, Actor{}, AuditWebhookSwitchedOff, aboutWebhook(id, name), details{"reason": why})
	})
}
