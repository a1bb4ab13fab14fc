package models

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// MaxRatingReasons is how many reasons a rating can have.
const MaxRatingReasons = 10

// RatingReason is an entry of the administrators' list of reasons for a rating.
type RatingReason struct {
	bun.BaseModel `bun:"table:rating_reasons"`

	ReasonName

	MinStars  int        `bun:"min_stars"` // offered for ratings from MinStars to MaxStars
	MaxStars  int        `bun:"max_stars"`
	RetiredAt *time.Time `bun:"retired_at"` // users cannot choose it any more; nil while they can
}

// offeredFor reports whether the reason is offered for a rating. A half star counts as the star below it.
func (r *RatingReason) offeredFor(rating float64) bool {
	stars := int(math.Floor(rating))
	return r.RetiredAt == nil && r.MinStars <= stars && stars <= r.MaxStars
}

// RatingReasonFields are what administrators enter for a reason. At least one of the names is required.
type RatingReasonFields struct {
	NameEn, NameZhCN   string
	MinStars, MaxStars int
}

const selectRatingReasons = `SELECT id, name_en, name_zh_cn, min_stars, max_stars, retired_at FROM rating_reasons `

var ratingReasonList = reasonList{
	table: "rating_reasons", subject: SubjectRatingReason,
	added: AuditRatingReasonAdded, changed: AuditRatingReasonChanged, moved: AuditRatingReasonMoved,
	retired: AuditRatingReasonRetired, restored: AuditRatingReasonRestored,
	notFound: ErrRatingReasonNotFound, tooMany: ErrTooManyRatingReasons,
}

// RatingReasons returns the reasons that users can choose, in their order.
func (d *Desk) RatingReasons(ctx context.Context) ([]RatingReason, error) {
	reasons := []RatingReason{}
	err := d.db.NewRaw(selectRatingReasons+`WHERE retired_at IS NULL ORDER BY position, id`).Scan(ctx, &reasons)
	return reasons, translate(err)
}

// AllRatingReasons returns every reason for administrators: those in use in their order, then the retired ones.
func (d *Desk) AllRatingReasons(ctx context.Context) ([]RatingReason, error) {
	reasons := []RatingReason{}
	err := d.db.NewRaw(selectRatingReasons+`ORDER BY retired_at IS NOT NULL, position, id`).Scan(ctx, &reasons)
	return reasons, translate(err)
}

// validate refuses names of more than 40 characters or none at all, and stars out of 1 to 5 or in the wrong order. It puts
// the names on one line.
func (f *RatingReasonFields) validate() error {
	if err := validateReasonNames(&f.NameEn, &f.NameZhCN); err != nil {
		return err
	}
	if f.MinStars < 1 || f.MinStars > f.MaxStars || f.MaxStars > 5 {
		return invalid("max_stars", fieldOutOfBounds, "The stars must be whole numbers from 1 to 5, the lower one first.")
	}
	return nil
}

// AddRatingReason adds a reason at the end of the list. Admins only. Fields out of bounds are validation_failed; more than
// 30 reasons in use are 409 too_many_rating_reasons. Of a form that was sent before, see [WithForm], it returns the id alone.
func (d *Desk) AddRatingReason(ctx context.Context, actor Actor, f RatingReasonFields) (*RatingReason, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	var added RatingReason
	more := details{"min_stars": f.MinStars, "max_stars": f.MaxStars}
	id, err := d.addReason(ctx, actor, &ratingReasonList, more, func(ctx context.Context, t *tx) (ReasonName, error) {
		err := t.NewRaw(`INSERT INTO rating_reasons (name_en, name_zh_cn, min_stars, max_stars, position)
			VALUES (?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM rating_reasons))
			RETURNING id, name_en, name_zh_cn, min_stars, max_stars, retired_at`, f.NameEn, f.NameZhCN, f.MinStars, f.MaxStars).
			Scan(ctx, &added)
		return added.ReasonName, err
	})
	added.ID = id
	return &added, err
}

// UpdateRatingReason changes the names of a reason and the ratings for which it is offered; stored ratings keep what they
// have. Admins only. Fields out of bounds are validation_failed, an unknown reason is rating_reason_not_found.
func (d *Desk) UpdateRatingReason(ctx context.Context, actor Actor, id int64, f RatingReasonFields) error {
	if err := f.validate(); err != nil {
		return err
	}
	l := &ratingReasonList
	return d.withReason(ctx, actor, l, id, func(ctx context.Context, t *tx, before *listedReason, _ []listedReason) error {
		more := before.renamed(f.NameEn, f.NameZhCN)
		var was RatingReason
		if err := t.NewRaw(selectRatingReasons+`WHERE id = ?`, id).Scan(ctx, &was); err != nil {
			return err
		}
		if was.MinStars != f.MinStars {
			more["min_stars"] = step{was.MinStars, f.MinStars}
		}
		if was.MaxStars != f.MaxStars {
			more["max_stars"] = step{was.MaxStars, f.MaxStars}
		}
		if len(more) == 0 {
			return nil
		}
		_, err := t.NewRaw(`UPDATE rating_reasons SET name_en = ?, name_zh_cn = ?, min_stars = ?, max_stars = ? WHERE id = ?`,
			f.NameEn, f.NameZhCN, f.MinStars, f.MaxStars, id).Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, l.changed, l.about(before.ReasonName), more)
	})
}

// MoveRatingReason puts a reason at a place of the list, 1 for the first; a place beyond the end is the last one. Admins
// only. A place below 1 is validation_failed, an unknown or retired reason is rating_reason_not_found.
func (d *Desk) MoveRatingReason(ctx context.Context, actor Actor, id int64, place int) error {
	return d.moveReason(ctx, actor, &ratingReasonList, id, place)
}

// RetireRatingReason takes a reason off the users' list, or with retired false puts it back at the end. Stored ratings keep
// it. Admins only. An unknown reason is rating_reason_not_found, one more than 30 in use is 409 too_many_rating_reasons. A
// reason that is in that state already stays as it is.
func (d *Desk) RetireRatingReason(ctx context.Context, actor Actor, id int64, retired bool) error {
	return d.retireReason(ctx, actor, &ratingReasonList, id, retired)
}

// chosenReasons returns the reasons with these ids that are offered for a rating, in the order of the list; nil for no
// ids. It reads them, so that what was retired a moment ago is refused on every instance.
func (t *tx) chosenReasons(ctx context.Context, rating float64, ids []int64) ([]ReasonName, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > MaxRatingReasons {
		return nil, invalid("reasons", fieldTooMany, "A rating can have 10 reasons. Choose fewer.")
	}
	var found []RatingReason
	err := t.NewRaw(selectRatingReasons+`WHERE id IN (?) ORDER BY position, id`, bunIn(ids)).Scan(ctx, &found)
	if err != nil {
		return nil, err
	}
	var chosen []ReasonName
	for i := range found {
		if found[i].offeredFor(rating) {
			chosen = append(chosen, found[i].ReasonName)
		}
	}
	slices.Sort(ids)
	if len(chosen) < len(slices.Compact(ids)) {
		return nil, invalid("reasons", fieldUnknown, "A reason is not offered for this rating. Choose again.")
	}
	return chosen, nil
}
