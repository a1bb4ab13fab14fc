package limit

import "time"

// Action is something that is counted, by the name that its setting has.
type Action string

// What is counted. The three of SignIn count failures only, and are claimed together.
const (
	Send          Action = "send"
	Edit          Action = "edit" // or withdrawing a message
	End           Action = "end"
	Leave         Action = "leave" // the queue
	Rate          Action = "rate"
	File          Action = "file"
	Page          Action = "page"          // reporting another page of the site
	Session       Action = "session"       // new anonymous users of one address
	SignIn        Action = "login"         // one account from one address
	SSO           Action = "sso"           // beginning single sign-on, from one address
	SignInAddress Action = "login_address" // one address, any account
	SignInAccount Action = "login_account" // one account, from anywhere
	Introduce     Action = "introduce"     // unverified details of a user
	Draft         Action = "draft"         // saving and discarding drafts
	Profile       Action = "profile"       // changing tags and notes of users
	Poll          Action = "poll"          // reading events without a stream
	Transcript    Action = "transcript"    // downloading one
	Search        Action = "search"
	Assistant     Action = "assistant"
	Push          Action = "push"          // adding and testing devices that get notifications
	Wallboard     Action = "wallboard"     // different keys that open no wallboard, from one address
	WallboardKey  Action = "wallboard_key" // one of these keys
	APIKey        Action = "api_key"       // any request with one key
)

// Window is the time that every limit is counted over.
const Window = time.Minute

// PerMinute returns the present limit of an action. It is called for each claim, so that a setting takes effect at once.
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

	// What was counted, for Refund.
	name   string    // in Redis
	at     time.Time // in memory
	bounds []bound
}

var granted = Verdict{OK: true}

// refused rounds up to whole seconds: a client that comes back after that time is allowed.
func refused(wait time.Duration) Verdict {
	whole := (wait + time.Second - 1).Truncate(time.Second)
	return Verdict{RetryAfter: max(whole, time.Second)}
}

// bound is a claim with its limit, as the two stores count it.
type bound struct {
	key   string
	limit int
}

// mode is what a store does with claims. The script in redis.go uses the same names.
type mode string

const (
	peek   mode = "peek"   // count nothing
	allow  mode = "allow"  // count all of them if none is over its limit, else none
	record mode = "record" // count all of them regardless of their limits
	refund mode = "refund" // take one count back
)
