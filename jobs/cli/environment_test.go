package cli_test

import (
	"slices"
	"strings"
	"testing"

	"parley/jobs/cli"
)

func TestSitesOfTheEnvironmentAreExactOrigins(t *testing.T) {
	t.Parallel()
	read := func(sites string) ([]string, error) {
		env, err := cli.ReadEnvironment([]string{"ALLOWED_ORIGINS=" + sites})
		if err != nil {
			t.Fatal(err)
		}
		settings, err := env.Settings()
		return settings.AllowedOrigins, err
	}
	got, err := read("https://www.example.com, HTTPS://Shop.example:443/,,http://localhost:3000")
	if want := []string{
		"https://www.example.com",
		"https://shop.example",
		"http://localhost:3000",
	}; err != nil ||
		!slices.Equal(got, want) {
		t.Errorf("read %q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"*", "null", "https://*.example.com", "https://good.example; script-src *", "https://good.example\nX-Frame-Options: ALLOW", "good.example", "https://good.example/path", "https://u@good.example"} {
		if _, err := read("https://www.example.com," + bad); err == nil || !strings.Contains(err.Error(), "ALLOWED_ORIGINS") {
			t.Errorf("%q is taken, or the error does not name the setting: %v", bad, err)
		}
	}
}
