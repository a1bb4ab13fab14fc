package models

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/uptrace/bun"
)

const (
	// maxBreakReasons is how many reasons may be in use at a time: as many as a menu can hold.
	maxBreakReasons = 30
	// maxBreakMinutes bounds the planned length of a break.
	maxBreakMinutes = 480
)

// BreakName is a reason for a break as it is shown: its names in both languages, "" for one that was not entered.
type BreakName struct {
	ID       int64  `bun:"id,pk"      json:"id"`
	NameEn   string `bun:"name_en"    json:"name_en"`
	NameZhCN string `bun:"name_zh_cn" json:"name_zh_cn"`
}

// In returns the name in a language, "en" or "zh-CN", or the name in the other language where none was entered.
func (n BreakName) In(lang string) string {
	if lang == "zh-CN" && n.NameZhCN != "" || n.NameEn == "" {
		return n.NameZhCN
	}
	return n.NameEn
}

// BreakReason is an entry of the administrators' list of reasons for breaks.
type BreakReason struct {
	bun.BaseModel `bun:"table:break_reasons"`

	BreakName

	Minutes   int        `bun:"minutes"` // usual length of such a break
	Position  int        `bun:"position"`
	RetiredAt *time.Time `bun:"retired_at"` // agents cannot choose it any more; nil while they can
}

// BreakReasonFields are what administrators enter for a reason. At least one of the names is required.
type BreakReasonFields struct {
	NameEn, NameZhCN string
	Minutes          int
}

const (
	selectBreakReasons = `SELECT id, name_en, name_zh_cn, minutes, position, retired_at FROM break_reasons `
	reasonsInUse       = `WHERE retired_at IS NULL ORDER BY position, id`
)

// BreakReasons returns the reasons that agents can choose, in their order.
func (d *Desk) BreakReasons(ctx context.Context) ([]BreakReason, error) {
	reasons, err := breakReasons(ctx, d.db, reasonsInUse)
	return reasons, translate(err)
}

// AllBreakReasons returns every reason for administrators: those in use in their order, then the retired ones.
func (d *Desk) AllBreakReasons(ctx context.Context) ([]BreakReason, error) {
	reasons, err := breakReasons(ctx, d.db, `ORDER BY retired_at IS NOT NULL, position, id`)
	return reasons, translate(err)
}

func breakReasons(ctx context.Context, db rawQuerier, where string, args ...any) ([]BreakReason, error) {
	reasons := []BreakReason{}
	err := db.NewRaw(selectBreakReasons+where, args...).Scan(ctx, &reasons)
	return reasons, err
}

// validate refuses names of more than 40 characters or none at all, and a length out of 1 to 480 minutes. It puts the
// names on one line.
func (f *BreakReasonFields) validate() error {
	var err error
	if f.NameEn, err = validateText("name_en", oneLine(f.NameEn), 0, 40); err != nil {
		return err
	}
	if f.NameZhCN, err = validateText("name_zh_cn", oneLine(f.NameZhCN), 0, 40); err != nil {
		return err
	}
	if f.NameEn == "" && f.NameZhCN == "" {
		return invalid("name_en", fieldRequired, "Enter a name in at least one language.")
	}
	if f.Minutes < 1 || f.Minutes > maxBreakMinutes {
		return invalid("minutes", fieldOutOfBounds, "The length must be a whole number from 1 to 480 minutes.")
	}
	return nil
}

// AddBreakReason adds a reason at the end of the list. Admins only. Fields out of bounds are validation_failed; more than
// 30 reasons in use are 409 too_many_break_reasons.
func (d *Desk) AddBreakReason(ctx context.Context, actor Actor, f BreakReasonFields) (*BreakReason, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	var added BreakReason
	err := d.changeBreakReasons(ctx, actor, func(ctx context.Context, t *tx, inUse []BreakReason) error {
		if len(inUse) >= maxBreakReasons {
			return ErrTooManyBreakReasons
		}
		err := t.NewRaw(`INSERT INTO break_reasons (name_en, name_zh_cn, minutes, position)
			VALUES (?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM break_reasons))
			RETURNING id, name_en, name_zh_cn, minutes, position, retired_at`, f.NameEn, f.NameZhCN, f.Minutes).Scan(ctx, &added)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditBreakReasonAdded, aboutBreakReason(&added), details{"minutes": added.Minutes})
	})
	return &added, err
}

// UpdateBreakReason changes the names and the length of a reason; breaks that are running keep their planned end. Admins
// only. Fields out of bounds are validation_failed, an unknown reason is break_reason_not_found.
func (d *Desk) UpdateBreakReason(ctx context.Context, actor Actor, id int64, f BreakReasonFields) error {
	if err := f.validate(); err != nil {
		return err
	}
	return d.withBreakReason(ctx, actor, id, func(ctx context.Context, t *tx, before *BreakReason, _ []BreakReason) error {
		if before.NameEn == f.NameEn && before.NameZhCN == f.NameZhCN && before.Minutes == f.Minutes {
			return nil
		}
		_, err := t.NewRaw(`UPDATE break_reasons SET name_en = ?, name_zh_cn = ?, minutes = ? WHERE id = ?`,
			f.NameEn, f.NameZhCN, f.Minutes, id).Exec(ctx)
		if err != nil {
			return err
		}
		more := details{}
		if before.NameEn != f.NameEn {
			more["name_en"] = step{before.NameEn, f.NameEn}
		}
		if before.NameZhCN != f.NameZhCN {
			more["name_zh_cn"] = step{before.NameZhCN, f.NameZhCN}
		}
		if before.Minutes != f.Minutes {
			more["minutes"] = step{before.Minutes, f.Minutes}
		}
		return t.audit(ctx, actor, AuditBreakReasonChanged, aboutBreakReason(before), more)
	})
}

// MoveBreakReason puts a reason at a place of the list, 1 for the first; a place beyond the end is the last one. Admins
// only. A place below 1 is validation_failed, an unknown or retired reason is break_reason_not_found.
func (d *Desk) MoveBreakReason(ctx context.Context, actor Actor, id int64, place int) error {
	if place < 1 {
		return invalid("position", fieldOutOfBounds, "The position must be a whole number from 1.")
	}
	return d.withBreakReason(ctx, actor, id, func(ctx context.Context, t *tx, r *BreakReason, inUse []BreakReason) error {
		if r.RetiredAt != nil {
			return ErrBreakReasonNotFound
		}
		was, order := 0, []int64{}
		for i := range inUse {
			if inUse[i].ID == id {
				was = i + 1
				continue
			}
			order = append(order, inUse[i].ID)
		}
		place = min(place, len(inUse))
		if place == was {
			return nil
		}
		order = append(order[:place-1], append([]int64{id}, order[place-1:]...)...)
		for i, each := range order {
			if _, err := t.NewRaw(`UPDATE break_reasons SET position = ? WHERE id = ?`, i+1, each).Exec(ctx); err != nil {
				return err
			}
		}
		return t.audit(ctx, actor, AuditBreakReasonMoved, aboutBreakReason(r), details{"position": step{was, place}})
	})
}

// RetireBreakReason takes a reason off the agents' list, or with retired false puts it back at the end. Breaks that are
// running go on. Admins only. An unknown reason is break_reason_not_found, one more than 30 in use is 409
// too_many_break_reasons. A reason that is in that state already stays as it is.
func (d *Desk) RetireBreakReason(ctx context.Context, actor Actor, id int64, retired bool) error {
	return d.withBreakReason(ctx, actor, id, func(ctx context.Context, t *tx, r *BreakReason, inUse []BreakReason) error {
		if retired == (r.RetiredAt != nil) {
			return nil
		}
		query, action := `UPDATE break_reasons SET retired_at = clock_timestamp() WHERE id = ?`, AuditBreakReasonRetired
		if !retired {
			if len(inUse) >= maxBreakReasons {
				return ErrTooManyBreakReasons
			}
			query, action = `UPDATE break_reasons SET retired_at = NULL,
				position = (SELECT max(position) + 1 FROM break_reasons) WHERE id = ?`, AuditBreakReasonRestored
		}
		if _, err := t.NewRaw(query, id).Exec(ctx); err != nil {
			return err
		}
		return t.audit(ctx, actor, action, aboutBreakReason(r), nil)
	})
}

// changeBreakReasons runs f in a transaction that alone changes the list, with the reasons in use. Admins only.
func (d *Desk) changeBreakReasons(
	ctx context.Context, actor Actor, f func(ctx context.Context, t *tx, inUse []BreakReason) error,
) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		// One at a time, so that two changes of the order do not mix.
		if _, err := t.NewRaw(`SELECT pg_advisory_xact_lock(?)`, breaksLock).Exec(ctx); err != nil {
			return err
		}
		inUse, err := breakReasons(ctx, t, reasonsInUse)
		if err != nil {
			return err
		}
		return f(ctx, t, inUse)
	})
}

// withBreakReason is changeBreakReasons for one reason; an unknown one is break_reason_not_found.
func (d *Desk) withBreakReason(
	ctx context.Context, actor Actor, id int64, f func(ctx context.Context, t *tx, r *BreakReason, inUse []BreakReason) error,
) error {
	return d.changeBreakReasons(ctx, actor, func(ctx context.Context, t *tx, inUse []BreakReason) error {
		var r BreakReason
		err := t.NewRaw(selectBreakReasons+`WHERE id = ?`, id).Scan(ctx, &r)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrBreakReasonNotFound
		}
		if err != nil {
			return err
		}
		return f(ctx, t, &r, inUse)
	})
}

func aboutBreakReason(r *BreakReason) Subject {
	return Subject{Kind: SubjectBreakReason, ID: strconv.FormatInt(r.ID, 10), Name: r.In("en")}
}
