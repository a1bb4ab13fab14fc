package models

import (
	"context"
	"regexp"

	"github.com/uptrace/bun"
)

// Department is a group of agents that a chat may ask for by its short name.
type Department struct {
	bun.BaseModel `bun:"table:departments"`

	Slug string `bun:"slug,pk"`
	Name string `bun:"name"`
}

var slugForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Departments returns all departments by name.
func (d *Desk) Departments(ctx context.Context) ([]Department, error) {
	departments := []Department{}
	err := d.db.NewRaw(`SELECT slug, name FROM departments ORDER BY lower(name), slug`).Scan(ctx, &departments)
	return departments, translate(err)
}

// AddDepartment adds a department. Admins only; a short name that exists is 409 department_taken, one that is not 1 to 40 of a–z, 0–9 and
// "-" is validation_failed.
func (d *Desk) AddDepartment(ctx context.Context, actor Actor, slug, name string) (*Department, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if !slugForm.MatchString(slug) {
		return nil, invalid("slug", fieldInvalid, "A short name has 1 to 40 small letters, digits and hyphens, such as cards.")
	}
	name, err := clean("name", oneLine(name), 1, 80)
	if err != nil {
		return nil, err
	}
	_, err = d.db.NewRaw(`INSERT INTO departments (slug, name) VALUES (?, ?)`, slug, name).Exec(ctx)
	if violates(err, "departments_pkey") {
		return nil, conflict("department_taken", "There is a department with this short name already.")
	}
	return &Department{Slug: slug, Name: name}, translate(err)
}

// RenameDepartment changes the name that people read. Admins only.
func (d *Desk) RenameDepartment(ctx context.Context, actor Actor, slug, name string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	name, err := clean("name", oneLine(name), 1, 80)
	if err != nil {
		return err
	}
	return d.onDepartment(ctx, `UPDATE departments SET name = ? WHERE slug = ?`, name, slug)
}

// DeleteDepartment removes a department that no stored chat asked for; otherwise 409 department_in_use. Admins only.
func (d *Desk) DeleteDepartment(ctx context.Context, actor Actor, slug string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	err := d.onDepartment(ctx, `DELETE FROM departments WHERE slug = ?`, slug)
	if violates(err, "chats_department_fkey") {
		return conflict("department_in_use", "Stored chats belong to this department. Rename it instead.")
	}
	return err
}

func (d *Desk) onDepartment(ctx context.Context, query string, args ...any) error {
	res, err := d.db.NewRaw(query, args...).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return notFound("department_not_found", "There is no such department.")
	}
	return nil
}
