package cli_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/jobs/cli"
	"parley/models"
)

func TestTheVariablesOfSingleSignOn(t *testing.T) {
	t.Parallel()
	right := []string{"OIDC_ISSUER=https://sso.example.com", "OIDC_CLIENT_ID=parley", "PUBLIC_URL=https://chat.example.com"}
	env, err := cli.ReadEnvironment(append(slices.Clone(right), "OIDC_CLIENT_SECRET=a secret of the client", "OIDC_ONLY=true",
		"OIDC_BREAK_GLASS=alex@example.com,ruth@example.com", "OIDC_GROUPS= chat-admins=admin; cn=cards,dc=x=agent:cards, loans ;"))
	must(t, err)
	want := models.SSORules{
		Issuer:     "https://sso.example.com",
		OnlySSO:    true,
		BreakGlass: []string{"alex@example.com", "ruth@example.com"},
		SessionTTL: 12 * time.Hour,
		Groups: []models.SSOGroup{
			{
				Group: "chat-admins",
				Role:  models.RoleAdmin,
			},
			{Group: "cn=cards,dc=x", Role: models.RoleAgent, Departments: []string{"cards", "loans"}},
		},
	}
	if rules := env.SSORules(); !reflect.DeepEqual(rules, want) {
		t.Errorf("the rules are %+v, want %+v", rules, want)
	}
	if text := env.Mask("the secret is a secret of the client"); strings.Contains(text, "of the client") {
		t.Errorf("it is not masked: %s", text)
	}
	for reason, environ := range map[string][]string{
		"needs OIDC_CLIENT_ID": {right[0], right[2]},
		"needs PUBLIC_URL":     {right[0], right[1]},
		"need OIDC_ISSUER":     {"OIDC_CLIENT_ID=parley"},
		"OIDC_BREAK_GLASS":     append(slices.Clone(right), "OIDC_ONLY=true"),
		"has no role":          append(slices.Clone(right), "OIDC_GROUPS=cards"),
		"must name a group":    append(slices.Clone(right), "OIDC_GROUPS=cards=owner"),
		"OIDC_SESSION must be": append(slices.Clone(right), "OIDC_SESSION=1m"),
	} {
		if _, err := cli.ReadEnvironment(environ); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%v: the error is %v, want %q in it", environ, err, reason)
		}
	}
}
