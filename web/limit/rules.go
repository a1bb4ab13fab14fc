// Package limit counts what an identity does in a minute and says when it is too much.
package limit

import "time"

// Action is something that is counted, by the name its setting has.
type Action string

// What is counted. The three of SignIn count failures only, and go together.
const (
	Send          Action = "send"
	End           Action = "end"
	Leave         Action = "leave" // the queue
	Rate          Action = "rate"
	File          Action = "file"
	Page          Action = "page"          // telling another page of the site
	Session       Action = "session"       // new anonymous users of one address
	SignIn        Action = "login"         // one account from one address
	SignInAddress Action = "login_address" // one address, whatever account
	SignInAccount Action = "login_account" // one account, from anywhere
	Introduce     Action = "introduce"     // what is said of a user without a proof
	Poll          Action = "poll"          // asking for events without a stream
)

// Window is the time that every limit is counted over.
const Window = time.Minute

// PerMinute tells the present limit of an action; it is asked at each call, so that a setting changes at once.
// Zero or less means that the action is not limited.
type PerMinute func(Action) int

// Claim is one count: an action by an identity.
type Claim struct {
	Action Action
	Who    string
}

// Verdict is the answer to claims. RetryAfter is set, in whole seconds, when it is not OK.
type Verdict struct {
	OK         bool
	RetryAfter time.Duration

	name   string // of what was counted, for Give
	at     time.Time
	bounds []bound
}

var granted = Verdict{OK: true}

func refused(wait time.Duration) Verdict {
	whole := (wait + time.Second - 1).Truncate(time.Second)
	return Verdict{RetryAfter: max(whole, time.Second)}
}

// bound is a claim with its limit, as the two stores count it.
type bound struct {
	key string
	n   int
}

// mode is what a store does with a claim.
type mode string

const (
	look mode = "look" // only ask
	take mode = "take" // count all of them if none is over, else none
	note mode = "note" // count whatever stands there
	give mode = "give" // take one count back
)
