// Load runs the real program on a PostgreSQL and a Redis of its own, drives it through its public endpoints and streams as users and
// agents do, and holds what that costs against the bounds of docs/performance.md. Beside it, on the same services and in
// alternating rounds, it drives the yardstick: a bare handler that does one statement, one publish and one stream write, and nothing
// that makes a chat a chat.
//
// It is what `make bench` runs. It measures by what the kernel and PostgreSQL count, so it needs Linux.
package main
