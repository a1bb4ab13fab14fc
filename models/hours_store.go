package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"time"
)

// openingHoursJSON selects all opening hours, as the JSON of [OpeningHours].
const openingHoursJSON = `(SELECT coalesce(json_agg(json_build_object(
		'department', coalesce(h.department, ''), 'time_zone', h.time_zone,
		'week', (SELECT json_agg((SELECT coalesce(json_agg(json_build_object('from', i.opens, 'to', i.closes) ORDER BY i.opens), '[]')
			FROM opening_intervals i WHERE i.hours_id = h.id AND i.weekday = day.n) ORDER BY day.n) FROM generate_series(0, 6) day (n)),
		'exceptions', (SELECT coalesce(json_agg(json_build_object('day', e.day, 'is_yearly', e.is_yearly, 'name', e.name,
			'intervals', (SELECT coalesce(json_agg(json_build_object('from', i.opens, 'to', i.closes) ORDER BY i.opens), '[]')
				FROM opening_intervals i WHERE i.exception_id = e.id)) ORDER BY e.day), '[]')
			FROM opening_exceptions e WHERE e.hours_id = h.id)) ORDER BY h.department NULLS FIRST), '[]') FROM opening_hours h)`

// OpeningHours returns all opening hours: those of all departments without hours of their own first, then by department.
func (d *Desk) OpeningHours(ctx context.Context) ([]OpeningHours, error) {
	var row struct{ Hours []OpeningHours }
	err := d.db.NewRaw(`SELECT `+openingHoursJSON+` AS hours`).Scan(ctx, &row)
	return row.Hours, translate(err)
}

// SetOpeningHours stores the hours of a department or, with Department "", of all departments without hours of their own,
// in place of those that are stored. Admins only. An unknown department is department_not_found; an unknown time zone,
// more than 6 intervals a day, intervals that overlap or last more than 24 hours, more than 400 exceptions and a day that
// is listed twice are validation_failed.
func (d *Desk) SetOpeningHours(ctx context.Context, actor Actor, h OpeningHours) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	if err := h.validate(); err != nil {
		return err
	}
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.replaceHours(ctx, &h)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditHoursChanged, aboutHours(h.Department), details{"time_zone": step{before, h.TimeZone}})
	})
}

// RemoveOpeningHours removes the hours of a department, so that those of all departments hold for it, or with "" the
// latter, so that these departments are always open. Admins only. Without stored hours it is 404 hours_not_found.
func (d *Desk) RemoveOpeningHours(ctx context.Context, actor Actor, department string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.deleteHours(ctx, department); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditHoursRemoved, aboutHours(department), nil)
	})
}

// aboutHours returns the subject of hours: a department, or "all".
func aboutHours(department string) Subject {
	return Subject{Kind: SubjectHours, ID: cmp.Or(department, "all")}
}

// deleteHours deletes the hours of a department and returns their time zone. Without any it is ErrHoursNotFound.
func (t *tx) deleteHours(ctx context.Context, department string) (zone string, err error) {
	err = t.NewRaw(`DELETE FROM opening_hours WHERE coalesce(department, '') = ? RETURNING time_zone`, department).Scan(ctx, &zone)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrHoursNotFound
	}
	return zone, err
}

// lockHours reads the hours of a department and keeps others from changing them until the transaction ends. Without any it
// is ErrHoursNotFound.
func (t *tx) lockHours(ctx context.Context, department string) (*OpeningHours, error) {
	var row struct{ Hours []OpeningHours }
	err := t.NewRaw(`SELECT 1 FROM opening_hours WHERE coalesce(department, '') = ? FOR UPDATE`, department).Scan(ctx, new(int))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrHoursNotFound
	}
	if err == nil {
		err = t.NewRaw(`SELECT `+openingHoursJSON+` AS hours`).Scan(ctx, &row)
	}
	for i := range row.Hours {
		if row.Hours[i].Department == department {
			return &row.Hours[i], err
		}
	}
	if err == nil {
		err = ErrHoursNotFound
	}
	return nil, err
}

// replaceHours stores hours in place of those of the department, and returns the time zone that these had, "" if there
// were none.
func (t *tx) replaceHours(ctx context.Context, h *OpeningHours) (zone string, err error) {
	zone, err = t.deleteHours(ctx, h.Department)
	if err != nil && !errors.Is(err, ErrHoursNotFound) {
		return "", err
	}
	var id int64
	err = t.NewRaw(`INSERT INTO opening_hours (department, time_zone) VALUES (nullif(?, ''), ?) RETURNING id`, h.Department, h.TimeZone).
		Scan(ctx, &id)
	if violates(err, openingHoursDepartmentFkey) {
		return "", ErrDepartmentNotFound
	}
	if err != nil {
		return "", err
	}
	return zone, t.insertHours(ctx, id, h)
}

func (t *tx) insertHours(ctx context.Context, id int64, h *OpeningHours) error {
	for weekday, intervals := range h.Week {
		for _, i := range intervals {
			_, err := t.NewRaw(`INSERT INTO opening_intervals (hours_id, weekday, opens, closes) VALUES (?, ?, ?, ?)`, id, weekday, i.From, i.To).
				Exec(ctx)
			if err != nil {
				return err
			}
		}
	}
	for _, e := range h.Exceptions {
		var exception int64
		err := t.NewRaw(`INSERT INTO opening_exceptions (hours_id, day, is_yearly, name) VALUES (?, ?, ?, ?) RETURNING id`,
			id, e.Day.String(), e.IsYearly, e.Name).Scan(ctx, &exception)
		if err != nil {
			return err
		}
		for _, i := range e.Intervals {
			_, err := t.NewRaw(`INSERT INTO opening_intervals (exception_id, opens, closes) VALUES (?, ?, ?)`, exception, i.From, i.To).
				Exec(ctx)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// HoursOf returns the hours that hold for a department or, with "", for chats that ask for none; nil if it is always open.
// They are those that [Desk.Reload] read last.
func (d *Desk) HoursOf(department string) *OpeningHours {
	var general *OpeningHours
	all := *d.hours.Load()
	for i := range all {
		switch all[i].Department {
		case department:
			return &all[i]
		case "":
			general = &all[i]
		}
	}
	return general
}

// Availability is whether a question of a user would be answered.
type Availability struct {
	Online        int        // agents who are online, with capacity or without
	IsOpen        bool       // within the opening hours
	NextOpeningAt *time.Time // nil while it is open, and if it does not open within a year
	MessageOffer  MessageOffer
}

// Availability returns the availability at a time of a department or, with "", for chats that ask for none. An unknown
// department is validation_failed.
func (d *Desk) Availability(ctx context.Context, department string, at time.Time) (Availability, error) {
	var a Availability
	if department != "" {
		isKnown := slugForm.MatchString(department)
		if isKnown {
			err := d.db.NewRaw(`SELECT EXISTS (SELECT FROM departments WHERE slug = ?)`, department).Scan(ctx, &isKnown)
			if err != nil {
				return a, translate(err)
			}
		}
		if !isKnown {
			return a, invalid("department", fieldUnknown, "This department does not exist.")
		}
	}
	a.SetHours(d.HoursOf(department), at)
	var err error
	if a.Online, err = d.OnlineCount(ctx); err != nil {
		return a, err
	}
	a.MessageOffer, err = d.MessageOffer(ctx, department, at)
	return a, err
}

// SetHours sets IsOpen and NextOpeningAt from opening hours, nil for always open.
func (a *Availability) SetHours(h *OpeningHours, at time.Time) {
	a.IsOpen, a.NextOpeningAt = h == nil || h.IsOpen(at), nil
	if a.IsOpen {
		return
	}
	if next, ok := h.NextOpening(at); ok {
		a.NextOpeningAt = &next
	}
}
