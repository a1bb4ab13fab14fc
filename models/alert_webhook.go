package models

import (
	"context"
	"database/sql"
	"errors"
)

// AlertWebhookOff is the kind of the alert that Parley raises itself, without a rule, while it has switched webhooks off. Its value is
// how many.
const AlertWebhookOff AlertKind = "webhook_off"

// fitWebhookAlert raises the alert while a webhook is off, and clears it when none is any more.
func (t *tx) fitWebhookAlert(ctx context.Context) error {
	var ids []int64
	err := t.NewRaw(`WITH off AS (SELECT count(*)::int AS n FROM webhooks WHERE state = 'off' AND removed_at IS NULL),
		cleared AS (UPDATE alerts SET cleared_at = greatest(clock_timestamp(), raised_at), cleared_reason = ?1, version = version + 1
			WHERE rule_id IS NULL AND kind = ?0 AND cleared_at IS NULL AND (SELECT n FROM off) = 0 RETURNING id),
		grown AS (UPDATE alerts SET worst = n, version = version + 1 FROM off
			WHERE rule_id IS NULL AND kind = ?0 AND cleared_at IS NULL AND n > worst RETURNING id),
		raised AS (INSERT INTO alerts (kind, threshold, hold_seconds, window_minutes, value, worst, raised_at)
			SELECT ?0, 0, 0, 0, n, n, clock_timestamp() FROM off WHERE n > 0
				AND NOT EXISTS (SELECT FROM alerts WHERE rule_id IS NULL AND kind = ?0 AND cleared_at IS NULL) RETURNING id)
		SELECT id FROM cleared UNION ALL SELECT id FROM grown UNION ALL SELECT id FROM raised`, AlertWebhookOff, ClearedRecovered).Scan(ctx, &ids)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return t.emitAlerts(ctx, ids...)
}
