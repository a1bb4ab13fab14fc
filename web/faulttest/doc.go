// Package faulttest has no code, only tests: they run the real program twice on a real PostgreSQL and Redis, let users and
// agents talk through the public endpoints and streams, break something, and hold what everybody was told against what is stored.
//
// Every test has a short form, which is part of `make test`, and a long one: `make test-faults`.
package faulttest
