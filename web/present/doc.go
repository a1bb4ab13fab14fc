// Package present holds what several screens show alike: names, files, lines of the system, outcomes, and the limits of what is shown. It knows
// nothing of HTTP.
package present
