// Package auth finds out who makes a request: by a session cookie with its CSRF token, a bearer token, a token that a host site signed, or the
// ticket of a stream. It also counts failed proofs of identity.
package auth
