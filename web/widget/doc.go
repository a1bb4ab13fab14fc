// Package widget serves the panel that sites embed: its page, its live frames, and the session of its user.
package widget
