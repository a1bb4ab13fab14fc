package workbench

import (
	"context"

	"parley/views/staff"
	"parley/views/text"
)

// CannedShown is how many rows the list of canned replies shows at once; a filter finds the others.
const CannedShown = 200

// Option is one choice of a select.
type Option struct {
	Value, Name string
}

// Errors holds the reason for each refused field, in the reader's language.
type Errors map[string]string

// CannedPage is the page of canned replies, or of one of them.
type CannedPage struct {
	Frame staff.Frame
	Done  string // what was just done
	List  CannedList
	// Query, Scope and Language are the filter.
	Query, Scope, Language        string
	FilterScopes, FilterLanguages []Option
	// Scopes are the choices of the form; without any, replies are the agent's own.
	Scopes, Languages []Option
	Form              CannedForm
	ImportErrors      []string
	// Row is the reply of its own page.
	Row       CannedRow
	CanChange bool
}

// CannedList is the replies that the filter lets through. Of is how many there are, shown or not.
type CannedList struct {
	Rows     []CannedRow
	Of       int
	Filtered bool
}

// CannedRow is one reply.
type CannedRow struct {
	ID, Shortcut, Title, Excerpt, Body, Scope, Language string
	Uses                                                int64
	CanChange                                           bool
}

// CannedForm is what was typed. ID is "" for a new reply.
type CannedForm struct {
	ID, Scope, Shortcut, Title, Body, Language string
	Errors                                     Errors
}

func cannedURL(id, tail string) string { return "/workbench/canned-replies/" + id + tail }

// exportHint says which replies the file has.
func (p CannedPage) exportHint(ctx context.Context) string {
	if len(p.Scopes) > 0 {
		return text.T(ctx, "canned.export_hint_admin")
	}
	return text.T(ctx, "canned.export_hint")
}
