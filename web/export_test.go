package web

import (
	"regexp"
	"strings"
	"time"

	"parley/models"
)

// Line is a line of the table at one of its addresses.
type Line struct {
	Method, Path string
	Who          string
	Public       bool
}

var (
	pathParam = regexp.MustCompile(`:(\w+)`)
	audiences = map[audience]string{public: "public", user: "user", agent: "agent", supervisor: "supervisor", admin: "admin"}
)

// Lines are all lines at all of their addresses.
func Lines() []Line {
	var all []Line
	for _, r := range routes {
		for _, path := range r.paths() {
			all = append(all, Line{r.method, pathParam.ReplaceAllString(path, "{$1}"), audiences[r.who], r.who == public})
		}
	}
	return all
}

// Endpoints are the lines of the table that programs may rely on, as the document writes them.
func Endpoints() []string {
	var all []string
	for _, r := range routes {
		path := r.api
		switch r.page {
		case "/openapi.json", "/healthz", "/readyz", "/metrics":
			path = r.page
		}
		if path != "" {
			all = append(all, r.method+" "+pathParam.ReplaceAllString(path, "{$1}"))
		}
	}
	return all
}

// FileAddress is an address of a file that this instance would have signed so long ago or ahead of its end.
func FileAddress(s *Server, path string, left time.Duration) string {
	return s.pageLinks().to(&models.Attachment{PublicID: strings.TrimPrefix(path, "/files/")}, entire, time.Now().Add(left))
}

// CSRF is the token of a session.
func CSRF(session string) string { return csrfFor(session) }

// Uploads is how many go on.
func Uploads(s *Server) int {
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	return s.uploads.all
}
