// Package faulttest has no code, only tests: they run the real program twice on a real PostgreSQL and Redis, let users and agents chat
// through the public endpoints and streams, cause a fault, and compare what the clients received with what is stored.
//
// Every test has a short form, which is part of `make test`, and a long one: `make test-faults`.
package faulttest
