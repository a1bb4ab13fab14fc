// Package demo makes sample data to try Parley: [Seed] adds departments, agents and the chats of a past day, and [Live] lets sample users
// and agents chat through the public endpoints for a while. `parley serve` uses it only if it is asked to.
package demo
