package web

import "regexp"

var pathParam = regexp.MustCompile(`:(\w+)`)

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
