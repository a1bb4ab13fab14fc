package auth

import (
	"net/http"

	"parley/web/kit"
)

// checkCookieOrigin refuses a request whose cookie a page of another origin made the browser send, at every address. A browser sends the cookie
// for pages of subdomains too, so a site may be foreign without being "cross-site". Only following a link to a page is left to other origins.
func (a *Auth) checkCookieOrigin(r *http.Request, isStream bool) error {
	isSafe := r.Method == http.MethodGet || r.Method == http.MethodHead
	mode := r.Header.Get("Sec-Fetch-Mode")
	if isSafe && !isStream && !kit.IsAPI(r.URL.Path) && (mode == "" || mode == "navigate") {
		return nil
	}
	asPost := *r
	asPost.Method = http.MethodPost // Check lets every GET pass
	if a.Origins.Check(&asPost) != nil {
		return kit.CrossOrigin()
	}
	return nil
}
