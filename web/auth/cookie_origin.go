package auth

import (
	"net/http"

	"parley/web/kit"
)

// checkCookieOrigin returns 403 cross_origin for a request whose cookie a page of another origin made the browser send. SameSite is not
// enough: browsers also send the cookie for pages of sibling subdomains, which are the same site. Other origins may only link to a page.
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
