package cli_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

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

func TestTracesGoWhereTheEnvironmentSays(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318/":                                                        "http://collector:4318/v1/traces",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://one:4318 OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://two:4318/own":        "http://two:4318/own",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 OTEL_TRACES_EXPORTER=none":                               "",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 OTEL_SDK_DISABLED=true OTEL_EXPORTER_OTLP_PROTOCOL=grpc": "",
	} {
		env, err := cli.ReadEnvironment(strings.Fields(given))
		if err != nil || env.TracesAddress() != want {
			t.Errorf("%q: traces go to %q, %v; want %q", given, env.TracesAddress(), err, want)
		}
	}
	_, err := cli.ReadEnvironment([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"})
	if err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf") {
		t.Errorf("gRPC is refused with: %v", err)
	}
}

// A command is tried once, and within the time that its use allows, with one server, sentinels and a cluster alike.
func TestRedisIsTriedOnce(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"redis://h?max_retries=9&dial_timeout=1h&read_timeout=1h&write_timeout=1h&pool_timeout=1h&protocol=3&client_name=x", "unix:///run/redis.sock",
		"redis+sentinel://s1,s2/m", "rediss+cluster://n1,n2",
	} {
		env, err := cli.ReadEnvironment([]string{"REDIS_URL=" + address})
		if err != nil {
			t.Fatal(err)
		}
		o, err := env.RedisOptions(time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for name, d := range map[string]time.Duration{"dial": o.DialTimeout, "read": o.ReadTimeout, "write": o.WriteTimeout, "pool": o.PoolTimeout} {
			if d != time.Second {
				t.Errorf("%s: the timeout of %s is %s", address, name, d)
			}
		}
		if o.MaxRetries != -1 || o.Protocol != 2 || o.ClientName != "parley" || !o.ContextTimeoutEnabled {
			t.Errorf("%s: %d retries, protocol %d, name %q, %v", address, o.MaxRetries, o.Protocol, o.ClientName, o.ContextTimeoutEnabled)
		}
	}
}

// The library of the standard refuses addresses with several hosts, and their passwords are masked all the same.
func TestPasswordsOfSeveralHostsAreMasked(t *testing.T) {
	t.Parallel()
	env, err := cli.ReadEnvironment([]string{
		"DATABASE_URL=postgres://u:the%20password%20of%20PostgreSQL@db1:5432,db2:5432/d?target_session_attrs=read-write",
		"REDIS_URL=redis+sentinel://:the-password-of-redis@s1:1,s2:2/m?sentinel_password=the-sentinels%27",
	})
	if err != nil {
		t.Fatal(err)
	}
	got := env.Mask("the%20password%20of%20PostgreSQL, the password of PostgreSQL, the-password-of-redis, the-sentinels'")
	if want := "*****, *****, *****, *****"; got != want {
		t.Errorf("masked %q, want %q", got, want)
	}
}

// TestTheDocumentSaysWhenEachVariableChanges checks "What changes when" of docs/operations.md.
func TestTheDocumentSaysWhenEachVariableChanges(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/operations.md")
	must(t, err)
	_, section, found := strings.Cut(string(document), "### What changes when\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !found {
		t.Fatal("the section is missing")
	}
	for _, v := range cli.ProcessVariables() {
		if !strings.Contains(section, "`"+v.Name+"`") {
			t.Errorf("it does not say when %s takes effect", v.Name)
		}
	}
}
