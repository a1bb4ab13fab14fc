package models

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/google/uuid"
)

// CannedImport is how many replies an import added and changed.
type CannedImport struct{ Added, Changed int }

// ImportCannedReplies adds rows, and replaces the replies that have the same shortcut in the same scope and language:
// all of them or, when one is refused, none. first is the number of the first row in the file. The refusal is
// validation_failed with fields such as "row 3 body". More than [MaxCannedRows] rows are refused, and so are two rows of
// the file for the same reply.
func (d *Desk) ImportCannedReplies(ctx context.Context, actor Actor, rows []NewCannedReply, first int) (CannedImport, error) {
	var done CannedImport
	if len(rows) == 0 {
		return done, invalid("csv", fieldRequired, "The file has no rows below its header.")
	}
	if len(rows) > MaxCannedRows {
		return done, invalid("csv", fieldTooLong, "The file can have "+strconv.Itoa(MaxCannedRows)+" rows. Split it.")
	}
	replies, err := d.checkCannedRows(ctx, actor, rows, first)
	if err != nil {
		return done, err
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		done = CannedImport{}
		shared := 0
		for i, r := range replies {
			var added bool
			err := t.NewRaw(`INSERT INTO canned_replies (id, agent_id, department, shortcut, title, body, language)
				VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (coalesce(agent_id, ''), coalesce(department, ''), shortcut, language)
				DO UPDATE SET title = excluded.title, body = excluded.body, updated_at = clock_timestamp()
				RETURNING xmax = 0`,
				uuid.NewString(), r.AgentID, r.Department, r.Shortcut, r.Title, r.Body, r.Language).Scan(ctx, &added)
			switch {
			case violates(err, cannedRepliesDepartmentFkey): // removed since it was checked
				return rowErrors(map[string]string{rowField(first+i, "department"): fieldUnknown})
			case err != nil:
				return err
			case added:
				done.Added++
			default:
				done.Changed++
			}
			if r.AgentID == nil {
				shared++
			}
		}
		if shared == 0 {
			return nil
		}
		return t.audit(ctx, actor, AuditCannedRepliesImported, Subject{Kind: SubjectCannedReply, ID: "csv", Name: "CSV"},
			details{"rows": shared})
	})
	return done, err
}

// checkCannedRows checks every row and returns what is to be stored. It reports the first 20 refusals at once, so that a
// file can be corrected in one go.
func (d *Desk) checkCannedRows(ctx context.Context, actor Actor, rows []NewCannedReply, first int) ([]*CannedReply, error) {
	const maxErrors = 20
	departments, err := d.Departments(ctx)
	if err != nil {
		return nil, err
	}
	replies, fields, taken := make([]*CannedReply, 0, len(rows)), map[string]string{}, map[string]bool{}
	for i, row := range rows {
		r, err := checkCannedReply(actor, row)
		var e *Error
		switch {
		case errors.Is(err, ErrRoleRequired):
			fields[rowField(first+i, "scope")] = fieldInvalid
		case errors.As(err, &e):
			for field, code := range e.Fields {
				fields[rowField(first+i, field)] = code
			}
		case r.Department != nil && !slices.ContainsFunc(departments, func(o Department) bool { return o.Slug == *r.Department }):
			fields[rowField(first+i, "department")] = fieldUnknown
		case taken[r.key()]:
			fields[rowField(first+i, "shortcut")] = fieldTaken
		default:
			taken[r.key()] = true
			replies = append(replies, r)
		}
		if len(fields) >= maxErrors {
			break
		}
	}
	if len(fields) > 0 {
		return nil, rowErrors(fields)
	}
	return replies, nil
}

func rowField(row int, field string) string { return "row " + strconv.Itoa(row) + " " + field }

func rowErrors(fields map[string]string) error {
	return &Error{
		Kind: Invalid, Code: "validation_failed", Fields: fields,
		Detail: "Nothing was imported, because rows of the file are not valid. Correct them and import the file again.",
	}
}
