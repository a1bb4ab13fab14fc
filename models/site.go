package models

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxSitesLength is how many characters the list of sites may have. Each page of the widget lists all sites in one header,
// and proxies limit the size of headers.
const maxSitesLength = 4000

// hostForm is a host name of letters, digits and hyphens, or an IPv4 address: all that a content security policy can
// name.
var hostForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// AllowedOrigins returns the sites that may embed the widget: those of the environment and those that administrators
// added. Each is an exact origin, so that origins are compared as strings, and none can end or widen a header.
func (d *Desk) AllowedOrigins() []string { return *d.sites.Load() }

// Sites returns the origins that administrators added, in order.
func (d *Desk) Sites(ctx context.Context) ([]string, error) {
	sites := []string{}
	err := d.db.NewRaw(`SELECT origin FROM sites ORDER BY origin`).Scan(ctx, &sites)
	return sites, translate(err)
}

// AddSite allows a site to embed the widget; adding it again is not an error. Admins only. Anything but an exact origin
// such as https://www.example.com is validation_failed; when the list would become too long it is 409 sites_full.
func (d *Desk) AddSite(ctx context.Context, actor Actor, origin string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	exact, err := ParseOrigin(origin)
	if err != nil {
		return err
	}
	if err := fitHeader(allSites(d.AllowedOrigins(), []string{exact})); err != nil {
		return err
	}
	_, err = d.changeSite(ctx, actor, AuditSiteAdded, exact, `INSERT INTO sites (origin) VALUES (?) ON CONFLICT DO NOTHING`)
	return err
}

// RemoveSite removes a site that AddSite added, in any spelling of its origin. Admins only. A site that was not added is
// 404 site_not_found, or 409 site_fixed when the environment names it.
func (d *Desk) RemoveSite(ctx context.Context, actor Actor, origin string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	if exact, err := ParseOrigin(origin); err == nil { // what an older release stored may be no exact origin, and can still be removed
		origin = exact
	}
	removed, err := d.changeSite(ctx, actor, AuditSiteRemoved, origin, `DELETE FROM sites WHERE origin = ?`)
	switch {
	case err != nil || removed:
		return err
	case slices.Contains(d.AllowedOrigins(), origin):
		return ErrSiteFixed
	}
	return ErrSiteNotFound
}

// changeSite runs a statement about one site, records it if it changed anything, and reports whether it did.
func (d *Desk) changeSite(ctx context.Context, actor Actor, action AuditAction, origin, query string) (changed bool, err error) {
	err = d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		res, err := t.NewRaw(query, origin).Exec(ctx)
		if err != nil {
			return err
		}
		n, _ := res.RowsAffected()
		if changed = n > 0; !changed {
			return nil
		}
		return t.audit(ctx, actor, action, Subject{Kind: SubjectSite, ID: origin, Name: origin}, nil)
	})
	return changed, err
}

// ParseOrigin returns the exact origin of a site as browsers write it: in lower case, with scheme, host, and the port if
// it is not the scheme's own. It refuses with validation_failed what a browser would never send as an origin or a
// content security policy cannot name: a path, a user, a wildcard, an IPv6 address, a dot at the end, a port out of
// bounds, and letters beyond a to z (bücher.example is written xn--bcher-kva.example).
func ParseOrigin(raw string) (string, error) {
	refused := invalid("origin", fieldInvalid,
		"A site must be an exact origin such as https://www.example.com, without a path. "+
			"Write international names in the form xn--….")
	origin := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(raw), "/"))
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != origin {
		return "", refused
	}
	host, port := u.Hostname(), u.Port()
	if len(host) > 253 || !hostForm.MatchString(host) {
		return "", refused
	}
	exact := u.Scheme + "://" + host
	if u.Host == host {
		return exact, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port || u.Host != host+":"+port {
		return "", refused
	}
	if u.Scheme == "https" && n == 443 || u.Scheme == "http" && n == 80 {
		return exact, nil
	}
	return exact + ":" + port, nil
}

// allSites returns both lists as one, sorted and without duplicates.
func allSites(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// fitHeader refuses with sites_full a list that is too long for the header.
func fitHeader(sites []string) error {
	if len(strings.Join(sites, " ")) <= maxSitesLength {
		return nil
	}
	return conflict("sites_full", fmt.Sprintf("All sites together can have %d characters, "+
		"because each widget page lists them in one header. Remove a site that is no longer used.", maxSitesLength))
}
