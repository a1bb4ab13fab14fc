package admin

import (
	"context"

	"parley/models"
	view "parley/views/admin"
	"parley/web/kit"
	"parley/web/present"
)

func agentRow(a *models.Agent, names map[string]string, me string) view.Person {
	p := view.Person{ID: a.ID, Name: a.Name, Email: a.Email, Role: string(a.Role), Presence: string(a.Presence), Load: a.Load,
		Slots: a.MaxConcurrent, Me: a.ID == me}
	for _, slug := range a.Departments {
		p.Departments = append(p.Departments, names[slug])
	}
	return p
}

func departmentNames(departments []models.Department) map[string]string {
	names := make(map[string]string, len(departments))
	for _, d := range departments {
		names[d.Slug] = d.Name
	}
	return names
}

func optionsOf(departments []models.Department, chosen []string) []view.Option {
	options := make([]view.Option, len(departments))
	for i, d := range departments {
		options[i] = view.Option{Slug: d.Slug, Name: d.Name}
		for _, slug := range chosen {
			options[i].Chosen = options[i].Chosen || slug == d.Slug
		}
	}
	return options
}

// formErrors returns the texts of an error for a form, and false for an error that the user cannot correct in the form.
func formErrors(ctx context.Context, err error) (view.Errors, bool) {
	return kit.FormErrors(ctx, err, present.FieldError)
}
