// Package auth finds the caller of a request: by a session cookie with its CSRF token, by a bearer token, by a user token that a host site
// has signed, or by the ticket of a stream. [Auth.Middleware] runs for every route and puts the caller into the context, where package kit
// reads it. Without a valid credential a request is 401 unauthorized, with one of the other kind 403 wrong_credential, and below the role
// that the route requires 403 role_required.
//
// Callers are cached for a minute; the cache observes the end of sessions on every instance. The package also limits failed attempts to
// prove an identity.
package auth
