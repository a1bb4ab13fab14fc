package models

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"
)

// MaxWallboardKeys is how many keys can be in use.
const MaxWallboardKeys = 50

// wallboardSeenEvery is how often the last use of a key is stored, and so how exact it is.
const wallboardSeenEvery = time.Minute

// WallboardKey opens a wallboard: a page with the numbers of the queue for a screen on the wall. The key itself is not kept.
type WallboardKey struct {
	ID         int64      `bun:"id"`
	Name       string     `bun:"name"`
	Department *string    `bun:"department"` // whose numbers are shown; nil for all
	Hash       []byte     `bun:"key_hash"`
	CreatedBy  *string    `bun:"created_by"`   // agent; nil once that agent is gone
	ByName     string     `bun:"created_name"` // present name of that agent, "" for none
	CreatedAt  time.Time  `bun:"created_at"`
	LastUsedAt *time.Time `bun:"last_used_at"` // to the minute; nil for never
	RevokedAt  *time.Time `bun:"revoked_at"`
}

// Actor returns the actor of a wallboard's stream. It may do nothing.
func (k *WallboardKey) Actor() Actor { return Actor{Kind: KindWallboard, ID: "wallboard-" + k.id()} }

// revokedKept is for how long a revoked key is listed, and recognized as revoked.
const revokedKept = 30 * day

const selectWallboardKeys = `SELECT k.id, k.name, k.department, k.key_hash, k.created_by, coalesce(a.name, '') AS created_name, k.created_at,
		k.last_used_at, k.revoked_at
	FROM wallboard_keys k LEFT JOIN agents a ON a.id = k.created_by `

// WallboardKeys returns the keys in use by name, then those that were revoked in the last 30 days. Supervisors only.
func (d *Desk) WallboardKeys(ctx context.Context, actor Actor) ([]WallboardKey, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	keys := []WallboardKey{}
	err := d.db.NewRaw(selectWallboardKeys+`WHERE k.revoked_at IS NULL OR k.revoked_at > now() - make_interval(secs => ?)
		ORDER BY k.revoked_at DESC NULLS FIRST, lower(k.name), k.id`, revokedKept.Seconds()).Scan(ctx, &keys)
	return keys, translate(err)
}

// AddWallboardKey makes a key and returns it with its row; it cannot be read again. department is a short name, "" for all.
// Supervisors only. A name out of 1 to 80 characters and an unknown department are validation_failed; with MaxWallboardKeys in
// use it is 409 too_many_wallboard_keys. A form that was sent before, see [WithForm], gives its wallboard another key, because the first
// one was never seen.
func (d *Desk) AddWallboardKey(ctx context.Context, actor Actor, name, department string) (*WallboardKey, string, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, "", err
	}
	name, err := validateText("name", oneLine(name), 1, 80)
	if err != nil {
		return nil, "", err
	}
	key, hash := newToken()
	added := &WallboardKey{}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		// Two requests at once may not both take the last place.
		if _, err := t.NewRaw(`LOCK TABLE wallboard_keys IN SHARE ROW EXCLUSIVE MODE`).Exec(ctx); err != nil {
			return err
		}
		id, again, err := t.once(ctx, `SELECT id FROM wallboard_keys WHERE id = ? AND last_used_at IS NULL AND revoked_at IS NULL`,
			func() (int64, error) { return t.insertWallboardKey(ctx, actor, name, department, hash) })
		if err != nil {
			return err
		}
		if again {
			if _, err := t.NewRaw(`UPDATE wallboard_keys SET key_hash = ? WHERE id = ?`, hash, id).Exec(ctx); err != nil {
				return err
			}
		}
		if err := t.NewRaw(selectWallboardKeys+`WHERE k.id = ?`, id).Scan(ctx, added); err != nil || again {
			return err
		}
		return t.audit(ctx, actor, AuditWallboardKeyAdded, added.subject(), details{"department": department})
	})
	if err != nil {
		return nil, "", err
	}
	return added, key, nil
}

func (t *tx) insertWallboardKey(ctx context.Context, actor Actor, name, department string, hash []byte) (id int64, err error) {
	var used int
	if err := t.NewRaw(`SELECT count(*) FROM wallboard_keys WHERE revoked_at IS NULL`).Scan(ctx, &used); err != nil {
		return 0, err
	}
	if used >= MaxWallboardKeys {
		return 0, ErrTooManyWallboardKeys
	}
	err = t.NewRaw(`INSERT INTO wallboard_keys (name, department, key_hash, created_by)
		VALUES (?, nullif(?, ''), ?, (SELECT id FROM agents WHERE id = ?)) RETURNING id`, name, department, hash, actor.ID).Scan(ctx, &id)
	if violates(err, wallboardKeysDepartmentFkey) {
		err = invalid("department", fieldUnknown, "This department does not exist.")
	}
	return id, err
}

func (k *WallboardKey) id() string { return strconv.FormatInt(k.ID, 10) }

func (k *WallboardKey) subject() Subject {
	return Subject{Kind: SubjectWallboardKey, ID: k.id(), Name: k.Name}
}

// RevokeWallboardKey ends the use of a key, with every stream that it opened, and returns it. To revoke it again changes nothing.
// Supervisors only. An unknown one is wallboard_key_not_found.
func (d *Desk) RevokeWallboardKey(ctx context.Context, actor Actor, id int64) (*WallboardKey, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	k := &WallboardKey{}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		err := t.NewRaw(selectWallboardKeys+`WHERE k.id = ? FOR UPDATE OF k`, id).Scan(ctx, k)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrWallboardKeyNotFound
		}
		if err != nil || k.RevokedAt != nil {
			return err
		}
		err = t.NewRaw(`UPDATE wallboard_keys SET revoked_at = now() WHERE id = ? RETURNING revoked_at`, id).Scan(ctx, &k.RevokedAt)
		if err != nil {
			return err
		}
		t.emit(Event{Kind: KindSignedOut, SessionHash: k.Hash})
		return t.audit(ctx, actor, AuditWallboardKeyRevoked, k.subject(), nil)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// WallboardByKey returns what a key opens, and notes its use. One that opens nothing is 404 wallboard_not_found, one that was
// revoked in the last 30 days 403 wallboard_revoked.
func (d *Desk) WallboardByKey(ctx context.Context, key string) (*WallboardKey, error) {
	k := &WallboardKey{}
	hash := HashToken(key)
	err := d.db.NewRaw(selectWallboardKeys+`WHERE k.key_hash = ? AND (k.revoked_at IS NULL OR k.revoked_at > now() - make_interval(secs => ?))`,
		hash, revokedKept.Seconds()).
		Scan(ctx, k)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrWallboardNotFound
	case err != nil:
		return nil, translate(err)
	case k.RevokedAt != nil:
		return nil, ErrWallboardRevoked
	}
	if k.LastUsedAt == nil || time.Since(*k.LastUsedAt) > wallboardSeenEvery { // a failure only makes the list less exact
		_, _ = d.db.NewRaw(`UPDATE wallboard_keys SET last_used_at = now() WHERE id = ?`, k.ID).Exec(ctx)
	}
	return k, nil
}

// WallboardFigures are what a wallboard shows besides the board of supervisors.
type WallboardFigures struct {
	Served          int `bun:"served"`    // chats that an agent took for the first time since a time
	AbandonedLast30 int `bun:"abandoned"` // cancelled or abandoned in the last 30 minutes
}

// WallboardFigures returns the figures of a department, "" for all, since a time.
func (d *Desk) WallboardFigures(ctx context.Context, department string, since time.Time) (f WallboardFigures, err error) {
	err = d.queryPrepared(ctx, `SELECT
		(SELECT count(*) FROM chats WHERE channel = 'chat' AND status = 'active' AND first_assigned_at >= $2 AND ($1 = '' OR department = $1))
			+ (SELECT count(*) FROM chats WHERE channel = 'chat' AND status = 'ended' AND ended_at >= $2 AND first_assigned_at >= $2 AND ($1 = '' OR department = $1)),
		(SELECT count(*) FROM chats WHERE channel = 'chat' AND status = 'ended' AND ended_at > now() - interval '30 minutes'
			AND ended_reason IN ('cancelled', 'abandoned') AND ($1 = '' OR department = $1))`,
		[]any{department, since}, &f.Served, &f.AbandonedLast30)
	return f, translate(err)
}
