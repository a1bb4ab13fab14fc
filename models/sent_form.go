package models

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
)

type sentFormKey struct{}

// WithForm returns a context for an action that a form asks for. content identifies the form and what was entered: the same form, sent
// again as by a double click, adds nothing more. What has a unique name needs no such protection.
func WithForm(ctx context.Context, content string) context.Context {
	key := sha256.Sum256([]byte(content))
	return context.WithValue(ctx, sentFormKey{}, key[:])
}

// once runs add, which returns the id of the row that it adds, unless the form of the context has added a row that is still there. Then it
// returns the id of that row, and true. there is a query for such a row by its id. The second of two requests at once waits for the first.
func (t *tx) once(ctx context.Context, there string, add func() (int64, error)) (id int64, again bool, err error) {
	key, ok := ctx.Value(sentFormKey{}).([]byte)
	if !ok {
		id, err = add()
		return id, false, err
	}
	if _, err = t.NewRaw(`INSERT INTO sent_forms (key) VALUES (?) ON CONFLICT DO NOTHING`, key).Exec(ctx); err != nil {
		return 0, false, err
	}
	var before sql.NullInt64
	if err = t.NewRaw(`SELECT row_id FROM sent_forms WHERE key = ? FOR UPDATE`, key).Scan(ctx, &before); err != nil {
		return 0, false, err
	}
	if before.Valid {
		if err = t.NewRaw(there, before.Int64).Scan(ctx, &id); err == nil {
			return id, true, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return 0, false, err
		}
	}
	if id, err = add(); err != nil {
		return 0, false, err
	}
	_, err = t.NewRaw(`UPDATE sent_forms SET row_id = ? WHERE key = ?`, id, key).Exec(ctx)
	return id, false, err
}
