// Package widget serves the panel that sites embed: its page, its live stream, and the session and identity of its user.
//
// The page needs no session; the first action of its scripts or its plain form creates one, in a cookie where the browser keeps cookies for
// the frame, otherwise as a bearer token. The site passes options in the query of the page's address ([Handlers.EmbedOptionsOf]).
package widget
