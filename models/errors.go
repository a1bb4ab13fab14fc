package models

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of an [Error]; each has one HTTP status in the web package.
type Kind int

// The kinds of errors.
const (
	Internal Kind = iota
	Malformed
	Unauthorized
	Forbidden
	NotFound
	Conflict
	Invalid
	TooMany
	Unavailable
)

// Error is what the desk refuses, in words that may be shown to the person who asked.
type Error struct {
	Kind   Kind
	Code   string            // stable, snake_case
	Detail string            // one English sentence that says what to do
	Fields map[string]string // validation: field name -> code
	// RetryAfter is how long to wait before the same request can succeed; zero when unknown.
	RetryAfter time.Duration

	cause error // for the log only
}

func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	return e.Code
}

func (e *Error) Unwrap() error { return e.cause }

// CodeOf returns the stable code of an error of the desk, and "" for any other.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// The codes of field errors.
const (
	fieldRequired    = "required"
	fieldTooLong     = "too_long"
	fieldTooShort    = "too_short"
	fieldOutOfBounds = "out_of_bounds"
	fieldUnknown     = "unknown"
	fieldInvalid     = "invalid"
	fieldTaken       = "taken"
	fieldWrong       = "wrong"
)

func notFound(code, detail string) *Error { return &Error{Kind: NotFound, Code: code, Detail: detail} }
func conflict(code, detail string) *Error { return &Error{Kind: Conflict, Code: code, Detail: detail} }
func forbidden(code, detail string) *Error {
	return &Error{Kind: Forbidden, Code: code, Detail: detail}
}

func invalid(field, code, detail string) *Error {
	return &Error{Kind: Invalid, Code: "validation_failed", Detail: detail, Fields: map[string]string{field: code}}
}

// wrongProof says that a proof in a form is not the right one; unlike a bad credential it ends nobody's session.
func wrongProof(field string) *Error {
	return invalid(field, fieldWrong, "This is not correct. Check it and try again.")
}

func chatNotFound() *Error {
	return notFound("chat_not_found", "This chat does not exist or is not yours.")
}

func chatEnded() *Error {
	return conflict("chat_ended", "This chat has ended. Start a new one.")
}

func notInChat() *Error {
	return forbidden("not_in_chat", "You can read this chat, but only its participants can write in it.")
}

func filesUnavailable(cause error) *Error {
	return &Error{Kind: Unavailable, Code: "files_unavailable", Detail: "Files are unavailable right now. Try again in a moment.",
		RetryAfter: 5 * time.Second, cause: cause}
}
