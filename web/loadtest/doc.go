// Command loadtest is the benchmark behind `make bench`. It starts the program with its own PostgreSQL and Redis, drives it through the
// public endpoints and streams as users and agents do, and compares the cost with the bounds in docs/performance.md. In alternating
// rounds on the same services it drives a yardstick: a bare handler that executes one statement, one publish and one stream write per
// message and implements nothing else of a chat.
//
// It reads the counters of the kernel and of PostgreSQL and therefore needs Linux.
package main
