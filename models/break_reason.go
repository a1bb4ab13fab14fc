package models

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// maxBreakMinutes bounds the planned length of a break.
const maxBreakMinutes = 480

var breakReasonList = reasonList{
	table: "break_reasons", subject: SubjectBreakReason,
	added: AuditBreakReasonAdded, changed: AuditBreakReasonChanged, moved: AuditBreakReasonMoved,
	retired: AuditBreakReasonRetired, restored: AuditBreakReasonRestored,
	notFound: ErrBreakReasonNotFound, tooMany: ErrTooManyBreakReasons,
}

// BreakReason is an entry of the administrators' list of reasons for breaks.
type BreakReason struct {
	bun.BaseModel `bun:"table:break_reasons"`

	ReasonName

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
	if err := validateReasonNames(&f.NameEn, &f.NameZhCN); err != nil {
		return err
	}
	if f.Minutes < 1 || f.Minutes > maxBreakMinutes {
		return invalid("minutes", fieldOutOfBounds, "The length must be a whole number from 1 to 480 minutes.")
	}
	return nil
}

// AddBreakReason adds a reason at the end of the list. Admins only. Fields out of bounds are validation_failed; more than
// 30 reasons in use are 409 too_many_break_reasons. Of a form that was sent before, see [WithForm], it returns the id alone.
func (d *Desk) AddBreakReason(ctx context.Context, actor Actor, f BreakReasonFields) (*BreakReason, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	var added BreakReason
	more := details{"minutes": f.Minutes}
	id, err := d.addReason(ctx, actor, &breakReasonList, more, func(ctx context.Context, t *tx) (ReasonName, error) {
		err := t.NewRaw(`INSERT INTO break_reasons (name_en, name_zh_cn, minutes, position)
			VALUES (?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM break_reasons))
			RETURNING id, name_en, name_zh_cn, minutes, position, retired_at`, f.NameEn, f.NameZhCN, f.Minutes).Scan(ctx, &added)
		return added.ReasonName, err
	})
	added.ID = id
	return &added, err
}

// UpdateBreakReason changes the names and the length of a reason; breaks that are running keep their planned end. Admins
// only. Fields out of bounds are validation_failed, an unknown reason is break_reason_not_found.
func (d *Desk) UpdateBreakReason(ctx context.Context, actor Actor, id int64, f BreakReasonFields) error {
	if err := f.validate(); err != nil {
		return err
	}
	l := &breakReasonList
	return d.withReason(ctx, actor, l, id, func(ctx context.Context, t *tx, before *listedReason, _ []listedReason) error {
		more := before.renamed(f.NameEn, f.NameZhCN)
		var minutes int
		if err := t.NewRaw(`SELECT minutes FROM break_reasons WHERE id = ?`, id).Scan(ctx, &minutes); err != nil {
			return err
		}
		if minutes != f.Minutes {
			more["minutes"] = step{minutes, f.Minutes}
		}
		if len(more) == 0 {
			return nil
		}
		_, err := t.NewRaw(`UPDATE break_reasons SET name_en = ?, name_zh_cn = ?, minutes = ? WHERE id = ?`,
			f.NameEn, f.NameZhCN, f.Minutes, id).Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, l.changed, l.about(before.ReasonName), more)
	})
}

// MoveBreakReason puts a reason at a place of the list, 1 for the first; a place beyond the end is the last one. Admins
// only. A place below 1 is validation_failed, an unknown or retired reason is break_reason_not_found.
func (d *Desk) MoveBreakReason(ctx context.Context, actor Actor, id int64, place int) error {
	return d.moveReason(ctx, actor, &breakReasonList, id, place)
}

// RetireBreakReason takes a reason off the agents' list, or with retired false puts it back at the end. Breaks that are
// running go on. Admins only. An unknown reason is break_reason_not_found, one more than 30 in use is 409
// too_many_break_reasons. A reason that is in that state already stays as it is.
func (d *Desk) RetireBreakReason(ctx context.Context, actor Actor, id int64, retired bool) error {
	return d.retireReason(ctx, actor, &breakReasonList, id, retired)
}
