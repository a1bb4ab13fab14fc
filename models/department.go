package models

import (
	"context"
	"database/sql"
	"errors"
	"regexp"

	"github.com/uptrace/bun"
)

// Department is a group of agents that a chat can ask for by its short name.
type Department struct {
	bun.BaseModel `bun:"table:departments"`

	Slug string `bun:"slug,pk"`
	Name string `bun:"name"`
}

// slugForm is what a short name may be. It is part of addresses and of embed codes.
var slugForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Departments returns all departments by name.
func (d *Desk) Departments(ctx context.Context) ([]Department, error) {
	departments := []Department{}
	err := d.db.NewRaw(`SELECT slug, name FROM departments ORDER BY lower(name), slug`).Scan(ctx, &departments)
	return departments, translate(err)
}

// AddDepartment adds a department. Admins only. A short name that another department has is 409 department_taken. A
// short name that is not 1 to 40 of a–z, 0–9 and "-", and a name out of 1 to 80 characters, are validation_failed.
func (d *Desk) AddDepartment(ctx context.Context, actor Actor, slug, name string) (*Department, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if !slugForm.MatchString(slug) {
		return nil, invalid("slug", fieldInvalid, "A short name must have 1 to 40 lower-case letters, digits and hyphens, such as cards.")
	}
	name, err := validateText("name", oneLine(name), 1, 80)
	if err != nil {
		return nil, err
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.NewRaw(`INSERT INTO departments (slug, name) VALUES (?, ?)`, slug, name).Exec(ctx)
		if violates(err, departmentsPkey) {
			return ErrDepartmentTaken
		}
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditDepartmentAdded, aboutDepartment(slug, name), nil)
	})
	return &Department{Slug: slug, Name: name}, err
}

// RenameDepartment changes the name of a department, not its short name. Admins only. An unknown department is
// department_not_found; a name out of 1 to 80 characters is validation_failed.
func (d *Desk) RenameDepartment(ctx context.Context, actor Actor, slug, name string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	name, err := validateText("name", oneLine(name), 1, 80)
	if err != nil {
		return err
	}
	return d.withDepartment(ctx, slug, func(ctx context.Context, t *tx, before string) error {
		if _, err := t.NewRaw(`UPDATE departments SET name = ? WHERE slug = ?`, name, slug).Exec(ctx); err != nil || name == before {
			return err
		}
		return t.audit(ctx, actor, AuditDepartmentRenamed, aboutDepartment(slug, before), details{"name": step{before, name}})
	})
}

// DeleteDepartment deletes a department. Admins only. An unknown one is department_not_found; one that a stored chat
// asked for is 409 department_in_use. Its canned replies, outcomes, tags, alert rules, wallboard keys, opening hours and
// topics are deleted with it, and its temporary capacities end.
func (d *Desk) DeleteDepartment(ctx context.Context, actor Actor, slug string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	return d.withDepartment(ctx, slug, func(ctx context.Context, t *tx, name string) error {
		var replies int
		err := t.NewRaw(`SELECT count(*) FROM canned_replies WHERE department = ?`, slug).Scan(ctx, &replies)
		if err != nil {
			return err
		}
		if err := d.takeBackCapacitiesOf(ctx, t, actor, slug); err != nil {
			return err
		}
		_, err = t.NewRaw(`DELETE FROM departments WHERE slug = ?`, slug).Exec(ctx)
		if violates(err, chatsDepartmentFkey) {
			return ErrDepartmentInUse
		}
		if err != nil {
			return err
		}
		var more details
		if replies > 0 {
			more = details{"canned_replies": replies}
		}
		return t.audit(ctx, actor, AuditDepartmentRemoved, aboutDepartment(slug, name), more)
	})
}

func aboutDepartment(slug, name string) Subject {
	return Subject{Kind: SubjectDepartment, ID: slug, Name: name}
}

// withDepartment runs f in a transaction with the department's row locked, and passes its name. An unknown one is
// department_not_found.
func (d *Desk) withDepartment(ctx context.Context, slug string, f func(ctx context.Context, t *tx, name string) error) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var name string
		err := t.NewRaw(`SELECT name FROM departments WHERE slug = ? FOR UPDATE`, slug).Scan(ctx, &name)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrDepartmentNotFound
		}
		if err != nil {
			return err
		}
		return f(ctx, t, name)
	})
}
