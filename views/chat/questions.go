package chat

import "github.com/a-h/templ"

// Question is a question before a chat or while waiting, in the reader's language.
type Question struct {
	Field      string // the name of its answer in forms
	IDPrefix   string // comes before Field in the id of its control, for a second form on a page
	Kind       string // text, email, choice, checkbox or consent
	Text, Help string
	Link       string // of a consent, "" for none
	Choices    []QuestionChoice
	IsRequired bool
	Value      string // as typed, "true" if ticked
	Error      string // why Value was refused, "" unless it was
	HasFocus   bool   // the first refused one
}

// QuestionChoice is an answer to choose from.
type QuestionChoice struct{ Key, Name string }

// SetErrors sets what was typed and why it was refused, by the names of the fields. The first refused question gets the focus.
func SetErrors(questions []Question, typed func(field string) string, refused map[string]string) {
	found := false
	for i := range questions {
		q := &questions[i]
		q.Value, q.Error = typed(q.Field), refused[q.Field]
		if q.Error != "" && !found {
			q.HasFocus, found = true, true
		}
	}
}

func (q Question) id() string { return q.IDPrefix + q.Field }

func (q Question) describedBy() string {
	ids := ""
	if q.Help != "" {
		ids = q.id() + "-hint"
	}
	if q.Error != "" {
		ids += " " + q.id() + "-error"
	}
	return ids
}

func (q Question) inputType() string {
	if q.Kind == "email" {
		return "email"
	}
	return "text"
}

// attributes are those that the control of every kind has.
func (q Question) attributes() templ.Attributes {
	a := templ.Attributes{"required": q.IsRequired, "autofocus": q.HasFocus}
	switch {
	case q.Error != "":
		a["aria-invalid"] = "true"
	case q.IsRequired:
		a["aria-invalid"] = "false" // without it a browser reports an empty field as invalid before it was used
	}
	if by := q.describedBy(); by != "" {
		a["aria-describedby"] = by
	}
	switch q.Kind {
	case "email":
		a["maxlength"], a["autocomplete"] = "254", "email"
	case "text":
		a["maxlength"], a["autocomplete"] = "500", "off"
	}
	return a
}

// Answer is what a user answered, with the text of the question at that time.
type Answer struct{ Question, Text, Link string }
