package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// WrapUpKind is which list an option belongs to.
type WrapUpKind string

// The kinds.
const (
	OutcomeOption WrapUpKind = "outcome" // a chat has at most one
	TagOption     WrapUpKind = "tag"
)

// WrapUpOption is an outcome or a tag that agents can give a chat. Without Department it is offered for every chat, else
// for those that asked for the department.
type WrapUpOption struct {
	bun.BaseModel `bun:"table:wrap_up_options" json:"-"`

	ID         string     `bun:"id,pk"      json:"id"`
	Kind       WrapUpKind `bun:"kind"       json:"kind"`
	Department *string    `bun:"department" json:"department"`
	Name       string     `bun:"name"       json:"name"`
	CreatedAt  time.Time  `bun:"created_at" json:"created_at"`
	RetiredAt  *time.Time `bun:"retired_at" json:"retired_at"` // since when it is no longer offered
}

// WrapUpOptions returns all outcomes and tags, retired ones too: those for every chat first, then by department and
// name. Admins only.
func (d *Desk) WrapUpOptions(ctx context.Context, actor Actor) ([]WrapUpOption, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	options := []WrapUpOption{}
	err := d.db.NewRaw(`SELECT * FROM wrap_up_options ORDER BY kind, department NULLS FIRST, lower(name), id`).Scan(ctx, &options)
	return options, translate(err)
}

// AddWrapUpOption adds an outcome or a tag for the chats of a department, "" for every chat. Admins only. A name that the
// list has in any case, be it retired, is 409 wrap_up_option_taken. Another kind, an unknown department, and a name out of
// 1 to 40 characters are validation_failed.
func (d *Desk) AddWrapUpOption(ctx context.Context, actor Actor, kind WrapUpKind, department, name string) (*WrapUpOption, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if kind != OutcomeOption && kind != TagOption {
		return nil, invalid("kind", fieldUnknown, "kind must be outcome or tag.")
	}
	if department != "" && !slugForm.MatchString(department) {
		return nil, errUnknownDepartment
	}
	name, err := wrapUpName(name)
	if err != nil {
		return nil, err
	}
	o := new(WrapUpOption)
	err = d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		err := t.NewRaw(`INSERT INTO wrap_up_options (id, kind, department, name, created_at)
			VALUES (?, ?, nullif(?, ''), ?, clock_timestamp()) RETURNING *`, uuid.NewString(), kind, department, name).Scan(ctx, o)
		switch {
		case violates(err, wrapUpOptionsNameUnique):
			return ErrWrapUpOptionTaken
		case violates(err, wrapUpOptionsDepartmentFkey):
			return errUnknownDepartment
		case err != nil:
			return err
		}
		return t.audit(ctx, actor, AuditWrapUpOptionAdded, aboutWrapUpOption(o), o.details())
	})
	return o, err
}

// RenameWrapUpOption changes the name under which an option is offered. Chats keep the name that they were given. Admins
// only. It refuses what AddWrapUpOption refuses, and an unknown option with wrap_up_option_not_found.
func (d *Desk) RenameWrapUpOption(ctx context.Context, actor Actor, id, name string) (*WrapUpOption, error) {
	name, err := wrapUpName(name)
	if err != nil {
		return nil, err
	}
	return d.changeWrapUpOption(ctx, actor, id, func(ctx context.Context, t *tx, o *WrapUpOption) error {
		if o.Name == name {
			return nil
		}
		more := o.details()
		more["name"] = step{o.Name, name}
		if err := t.audit(ctx, actor, AuditWrapUpOptionRenamed, aboutWrapUpOption(o), more); err != nil {
			return err
		}
		err := t.NewRaw(`UPDATE wrap_up_options SET name = ? WHERE id = ? RETURNING *`, name, id).Scan(ctx, o)
		if violates(err, wrapUpOptionsNameUnique) {
			return ErrWrapUpOptionTaken
		}
		return err
	})
}

// RetireWrapUpOption stops offering an option, or offers it again. Chats that have it keep it. Admins only; an unknown
// option is wrap_up_option_not_found.
func (d *Desk) RetireWrapUpOption(ctx context.Context, actor Actor, id string, retired bool) (*WrapUpOption, error) {
	return d.changeWrapUpOption(ctx, actor, id, func(ctx context.Context, t *tx, o *WrapUpOption) error {
		if retired == (o.RetiredAt != nil) {
			return nil
		}
		action := AuditWrapUpOptionRestored
		if retired {
			action = AuditWrapUpOptionRetired
		}
		err := t.NewRaw(`UPDATE wrap_up_options SET retired_at = CASE WHEN ? THEN clock_timestamp() END
			WHERE id = ? RETURNING *`, retired, id).Scan(ctx, o)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, action, aboutWrapUpOption(o), o.details())
	})
}

// changeWrapUpOption runs f in a transaction with the option's row locked, and returns the option afterwards.
func (d *Desk) changeWrapUpOption(ctx context.Context, actor Actor, id string,
	f func(ctx context.Context, t *tx, o *WrapUpOption) error,
) (*WrapUpOption, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	var o *WrapUpOption
	err := d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		o = new(WrapUpOption)
		err := t.NewRaw(`SELECT * FROM wrap_up_options WHERE id = ? FOR UPDATE`, id).Scan(ctx, o)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrWrapUpOptionNotFound
		}
		if err != nil {
			return err
		}
		return f(ctx, t, o)
	})
	return o, err
}

var errUnknownDepartment = invalid("department", fieldUnknown, "This department does not exist.")

func wrapUpName(name string) (string, error) { return validateText("name", oneLine(name), 1, 40) }

func aboutWrapUpOption(o *WrapUpOption) Subject {
	return Subject{Kind: SubjectWrapUpOption, ID: o.ID, Name: o.Name}
}

func (o *WrapUpOption) details() details {
	more := details{"kind": o.Kind}
	if o.Department != nil {
		more["department"] = *o.Department
	}
	return more
}
