package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/models"
)

// minSSOSession and maxSSOSession are the bounds of OIDC_SESSION.
const (
	minSSOSession = 15 * time.Minute
	maxSSOSession = models.AgentSessionTTL
)

// checkSSO returns what is wrong with the variables of single sign-on.
func (e Environment) checkSSO() error {
	groups, err := models.ParseSSOGroups(e.OIDCGroups)
	switch {
	case err != nil:
		return fmt.Errorf("OIDC_GROUPS: %w", err)
	case e.OIDCIssuer == "" && (e.OIDCClientID != "" || e.OIDCClientSecret != "" || e.OIDCOnly || len(groups) > 0):
		return errors.New("OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_GROUPS and OIDC_ONLY need OIDC_ISSUER")
	case e.OIDCIssuer == "":
		return nil
	case e.OIDCClientID == "":
		return errors.New("OIDC_ISSUER needs OIDC_CLIENT_ID, the name of Parley at the provider")
	case e.PublicURL == "":
		return errors.New("OIDC_ISSUER needs PUBLIC_URL, the address to which the provider sends browsers back")
	case e.OIDCOnly && !slices.ContainsFunc(e.OIDCBreakGlass, func(address string) bool { return strings.Contains(address, "@") }):
		return errors.New("OIDC_ONLY needs OIDC_BREAK_GLASS: the e-mail address of an administrator who can sign in with a password " +
			"while the provider is away")
	case e.OIDCSession < minSSOSession || e.OIDCSession > maxSSOSession:
		return fmt.Errorf("OIDC_SESSION must be %s to %s", minSSOSession, maxSSOSession)
	}
	return nil
}

// SSORules returns the rules of single sign-on. It is called with OIDC_ISSUER only.
func (e Environment) SSORules() models.SSORules {
	groups, _ := models.ParseSSOGroups(e.OIDCGroups) // checked by ReadEnvironment
	return models.SSORules{
		Issuer: e.OIDCIssuer, Groups: groups, OnlySSO: e.OIDCOnly, BreakGlass: e.OIDCBreakGlass, SessionTTL: e.OIDCSession,
	}
}
