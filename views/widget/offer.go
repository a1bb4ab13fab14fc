package widget

import (
	"context"

	"github.com/a-h/templ"

	"parley/static"
	"parley/views/paths"
	"parley/views/text"
)

// Offer is the offer to leave a message instead of waiting, with what was typed if it was refused.
type Offer struct {
	Reason              string // "closed", "no_agent_online", "queue_too_long" or "long_wait"
	ByEmail             bool   // answers are sent by e-mail, else they are in the widget alone
	Known               string // the address that the site has verified, "" if the user must enter one
	NeedsQuestion       bool   // nothing was asked yet
	Consent, ConsentURL string // what the user must agree to, "" for nothing

	Email, Name, Message string
	HasConsented         bool
	Errors               map[string]string
}

// Left is a message that waits for its answer.
type Left struct {
	Email         string
	ByEmail       bool
	HasTranscript bool
}

func (o Offer) lead(ctx context.Context) string {
	switch {
	case o.Reason == "queue_too_long" || o.Reason == "long_wait":
		return text.T(ctx, "leave.long_wait")
	case !o.NeedsQuestion:
		return text.T(ctx, "leave.asked")
	case o.Reason == "closed":
		return text.T(ctx, "leave.closed")
	}
	return text.T(ctx, "leave.no_agent_online")
}

// summary names what opens the form.
func (o Offer) summary(ctx context.Context) string {
	if o.ByEmail {
		return text.T(ctx, "leave.by_email")
	}
	return text.T(ctx, "leave.here")
}

// promise says how the answer comes.
func (o Offer) promise(ctx context.Context) string {
	switch {
	case !o.ByEmail:
		return text.T(ctx, "leave.promise_here")
	case o.Known != "":
		return text.T(ctx, "leave.promise_known", "Email", o.Known)
	}
	return text.T(ctx, "leave.promise")
}

func (l Left) text(ctx context.Context) string {
	if l.ByEmail {
		return text.T(ctx, "leave.left_by_email", "Email", l.Email)
	}
	return text.T(ctx, "leave.left_here")
}

// over says why the offer no longer stands although a form may be open, "" while it may.
func (p Panel) over() string {
	switch {
	case p.Left != nil:
		return "left"
	case p.State != Greeting && p.State != Offline && p.State != Waiting:
		return "served"
	}
	return ""
}

func (o Offer) formAttributes() templ.Attributes {
	return templ.Attributes{"id": "w-letter", "class": "count-card", "hx-include": "#w-before"}
}

// leaveScript is loaded when the form is opened.
func leaveScript(ctx context.Context) string { return string(paths.To(ctx, static.URL("leave.mjs"))) }
