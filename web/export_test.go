package web

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
)

// Line is a route at one of its paths.
type Line struct {
	Name         string // method and path of the route: the path of the contract if it has one
	Method, Path string
	Who          string
	Scope        models.Scope // that an API key needs, "" where none is accepted
	Public       bool
	API          bool // a path of the contract
	CORS         bool // sites that embed the widget may call it at this path
	Limited      bool
}

// CSRFFor returns the CSRF token of a session.
func CSRFFor(session string) string { return kit.CSRFFor(session) }

var (
	pathParam = regexp.MustCompile(`:(\w+)`)
	audiences = map[audience]string{anyone: "public", users: "user", agents: "agent", supervisors: "supervisor", admins: "admin"}
)

// Lines returns all routes at all of their paths.
func Lines() []Line {
	var all []Line
	for _, r := range new(Server).routes() {
		name := r.api
		if name == "" {
			name = r.page
		}
		for _, path := range r.paths() {
			all = append(all, Line{
				Name: r.method + " " + braced(
					name,
				),
				Method:  r.method,
				Path:    braced(path),
				Who:     audiences[r.who],
				Public:  r.who == anyone,
				Scope:   r.scope,
				API:     kit.IsAPI(path),
				CORS:    r.cors && kit.IsAPI(path),
				Limited: r.limit != "",
			})
		}
	}
	return all
}

// MostLines returns [Lines] without two thirds of the paths below /api/users. These have the handlers and the middleware of the paths below
// /api, so a part of them is enough where each line takes many requests.
func MostLines() []Line {
	return slices.DeleteFunc(Lines(), func(l Line) bool { return strings.HasPrefix(l.Path, "/api/users/") && len(l.Name)%3 != 0 })
}

func braced(path string) string { return pathParam.ReplaceAllString(path, "{$1}") }

// Endpoints returns the routes for programs, as the document writes them.
func Endpoints() []string {
	var all []string
	for _, r := range new(Server).routes() {
		path := r.api
		switch r.page {
		case "/openapi.json", "/healthz", "/readyz", "/metrics":
			path = r.page
		}
		if path != "" {
			all = append(all, r.method+" "+braced(path))
		}
	}
	return all
}

// FileAddress returns a signed address of a file that expires after left, which may be negative.
func FileAddress(s *Server, path string, left time.Duration) string {
	return s.PageFileLinks().URL(&models.Attachment{PublicID: strings.TrimPrefix(path, "/files/")}, api.Original, time.Now().Add(left))
}

// CSRF returns the CSRF token of a session.
func CSRF(session string) string { return kit.CSRFFor(session) }

// Uploads returns the number of running uploads.
func Uploads(s *Server) int { return s.chat.UploadsInProgress() }

// BaseOf returns the base path of a Server with that PUBLIC_URL.
func BaseOf(publicURL string) (string, error) {
	public, err := parsePublicURL(publicURL)
	return (&Server{Kit: &kit.Kit{PublicURL: public}}).BasePath(), err
}
