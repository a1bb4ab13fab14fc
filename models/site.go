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

// mostSites is how many characters the list of sites may have: each page of the widget names them all in one header, and proxies take no
// headers of any length.
const mostSites = 4000

// hostForm is a name of letters, digits and hyphens, or an IPv4 address: all that a content policy can name.
var hostForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// AllowedOrigins returns the sites that may embed the widget: those of the environment and those that admins added. They are exact, so they
// are compared as they are, and none can end or widen a header.
func (d *Desk) AllowedOrigins() []string { return *d.sites.Load() }

// Sites returns the origins that admins added, in order.
func (d *Desk) Sites(ctx context.Context) ([]string, error) {
	sites := []string{}
	err := d.db.NewRaw(`SELECT origin FROM sites ORDER BY origin`).Scan(ctx, &sites)
	return sites, translate(err)
}

// AddSite lets a site embed the widget. Admins only; what is not an exact origin such as https://www.example.com is
// validation_failed, one for which the list has no room is 409 sites_full.
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

// RemoveSite takes back what AddSite gave, however the origin is written. Admins only; one that was not added is 404 site_not_found, one that the
// environment names 409 site_fixed.
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
		return conflict("site_fixed", "This site is set in ALLOWED_ORIGINS. Remove it there and restart Parley.")
	}
	return notFound("site_not_found", "This site is not in the list.")
}

// changeSite runs a query about one site, and reports whether that changed anything.
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

// ParseOrigin returns the exact origin of a site as browsers write it: in lower case, scheme, host and, where it is not the scheme's own,
// port. Refused as validation_failed is whatever no browser would send as an origin or no content policy could name: a path, a user, a
// wildcard, an IPv6 address, a dot at the end, a port out of bounds, letters beyond a to z (a name such as bücher.example is written
// xn--bcher-kva.example).
func ParseOrigin(raw string) (string, error) {
	refused := invalid("origin", fieldInvalid, "A site must be an exact origin such as https://www.example.com, without a path. Write international names in the form xn--….")
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

// allSites returns both lists as one, each site once, in order.
func allSites(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func fitHeader(sites []string) error {
	if len(strings.Join(sites, " ")) <= mostSites {
		return nil
	}
	return conflict("sites_full", fmt.Sprintf("All sites together can have %d characters, because each widget page lists them in one header. Remove a site that is no longer used.", mostSites))
}
