package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/jobs/cli"
	"parley/models"
	"parley/models/testdb"
)

// A secret may stand in a file, as container platforms hand it over.
func TestSecretsAreReadFromFiles(t *testing.T) {
	t.Parallel()
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "secret")
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	env, err := cli.ReadEnvironment([]string{"DATABASE_URL_FILE=" + file("postgres://db.internal/parley\n")})
	must(t, err)
	if env.DatabaseURL != "postgres://db.internal/parley" {
		t.Errorf("read %q", env.DatabaseURL)
	}
	for name, environ := range map[string][]string{
		"DATABASE_URL and DATABASE_URL_FILE are both set": {"DATABASE_URL=postgres://a/b", "DATABASE_URL_FILE=" + file("x")},
		"USER_TOKEN_SECRET_FILE:":                         {"USER_TOKEN_SECRET_FILE=/no/such/file"},
		"is empty":                                        {"SMTP_URL_FILE=" + file("\n")},
		"larger than 64 kB":                               {"REDIS_URL_FILE=" + file(strings.Repeat("x", 70_000))},
	} {
		if _, err := cli.ReadEnvironment(environ); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: the error is %v, want %q in it", environ, err, name)
		}
	}
}

func check(t *testing.T, p *cli.Program, c cli.ConfigCheck, probes ...cli.Probe) (string, error) {
	t.Helper()
	var out bytes.Buffer
	p.Stdout = &out
	err := c.Run(t.Context(), p, probes...)
	return out.String(), err
}

func wantLine(t *testing.T, out, name, value, from string) {
	t.Helper()
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == name {
			if got := strings.Join(fields[1:], " "); got != value+" "+from {
				t.Errorf("%s: %q, want %q from %q", name, got, value, from)
			}
			return
		}
	}
	t.Errorf("%s is missing in:\n%s", name, out)
}

func TestConfigCheckShowsEverySettingWithoutSecrets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(path, []byte("from-the-file-of-32-random-bytes"), 0o600))
	p := newProgram(
		t,
		"DATABASE_URL=postgres://parley:hunter22@db.internal/parley?sslmode=require",
		"REDIS_URL=redis://:short@cache:6379/1",
		"USER_TOKEN_SECRET_FILE="+path,
		"SMTP_URL=smtp://me:p%40ss@mail.example.com:587",
		"QUEUE_BATCH=7",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318",
		"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20key-of-the-collector",
		"ALLOWED_ORIGINS=",
	)
	out, err := check(t, p, cli.ConfigCheck{Offline: true})
	must(t, err)
	for _, secret := range []string{"hunter22", "short", "from-the-file", "p%40ss", "p@ss", "key-of-the"} {
		if strings.Contains(out, secret) {
			t.Errorf("it shows %q", secret)
		}
	}
	wantLine(t, out, "DATABASE_URL", "postgres://parley:*****@db.internal/parley?sslmode=require", "environment")
	wantLine(t, out, "REDIS_URL", "redis://:*****@cache:6379/1", "environment")
	wantLine(t, out, "USER_TOKEN_SECRET", "*****", "file "+path)
	wantLine(t, out, "SMTP_URL", "smtp://me:*****@mail.example.com:587", "environment")
	wantLine(t, out, "QUEUE_BATCH", "7", "environment")
	wantLine(t, out, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", "environment")
	wantLine(t, out, "OTEL_EXPORTER_OTLP_HEADERS", "*****", "environment")
	wantLine(t, out, "LISTEN_ADDR", ":8080", "default")
	wantLine(t, out, "ALLOWED_ORIGINS", "(none)", "default")
	for _, s := range models.SettingTable() {
		if !strings.Contains(out, s.Key) {
			t.Errorf("%s is missing", s.Key)
		}
	}
}

func TestConfigCheckTriesWhatTheSettingsLeadTo(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	p := newProgram(t, "DATABASE_URL="+url, "REDIS_URL="+testdb.Redis(t))
	desk, err := p.ReadyDesk(t.Context())
	must(t, err)
	must(
		t,
		desk.ChangeSetting(t.Context(), models.Actor{Kind: models.KindAgent, ID: "console", Role: models.RoleAdmin}, "QUEUE_BATCH", "12"),
	)
	out, err := check(t, p, cli.ConfigCheck{})
	must(t, err)
	wantLine(t, out, "QUEUE_BATCH", "12", "settings page")

	broken := newProgram(t, "DATABASE_URL="+testdb.EmptyPostgres(t), "REDIS_URL=redis://:secret-of-redis@127.0.0.1:1/0")
	fails := cli.Probe{Name: "files", Try: func(context.Context) error { return errors.New("the folder is not writable") }}
	out, err = check(t, broken, cli.ConfigCheck{}, fails)
	if want := cli.CannotWorkError(3); !errors.Is(err, want) {
		t.Errorf("the error is %v, want %v", err, want)
	}
	for _, want := range []string{
		"CANNOT WORK  PostgreSQL: the database schema is behind", "CANNOT WORK  Redis: ", "CANNOT WORK  files: the folder is not writable",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

func TestConfigCheckSaysWhatIsWrongWithRedis(t *testing.T) {
	t.Parallel()
	replica := testdb.NewRedisNode(t, false, "replicaof 127.0.0.1 1")
	sentinel := testdb.NewRedisNode(t, true, "requirepass the-sentinels", fmt.Sprintf("sentinel monitor m 127.0.0.1 %d 1", replica.Port))
	url := testdb.Postgres(t)
	for address, want := range map[string]string{
		"redis://" + replica.Addr(): "it is a replica and refuses to write; use the address of the master",
		"redis+sentinel://" + sentinel.Addr() + "/m?sentinel_password=another-password": "the sentinels refuse the password",
		"redis+sentinel://" + sentinel.Addr():                                           "REDIS_URL names sentinels but not the master",
	} {
		out, err := check(t, newProgram(t, "DATABASE_URL="+url, "REDIS_URL="+address), cli.ConfigCheck{})
		if !errors.Is(err, cli.CannotWorkError(1)) || !strings.Contains(out, "CANNOT WORK  Redis: "+want) {
			t.Errorf("%s: %v\n%s", address, err, out[strings.LastIndex(out, "\n\n"):])
		}
		if strings.Contains(out, "another-password") {
			t.Error("it shows the password of the sentinels")
		}
	}
}

func TestConfigCheckAsksTheReplica(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	for replica, want := range map[string]string{
		url:                      "ok           replica of PostgreSQL",
		testdb.EmptyPostgres(t):  "CANNOT WORK  replica of PostgreSQL: it cannot be read",
		"postgres://127.0.0.1:1": "CANNOT WORK  replica of PostgreSQL: it cannot be read",
		"mysql://db.internal/it": "CANNOT WORK  replica of PostgreSQL: DATABASE_REPLICA_URL is not a PostgreSQL address",
	} {
		p := newProgram(t, "DATABASE_URL="+url, "DATABASE_REPLICA_URL="+replica, "REDIS_URL="+testdb.Redis(t))
		out, err := check(t, p, cli.ConfigCheck{})
		if !strings.Contains(out, want) || (err == nil) != strings.HasPrefix(want, "ok") {
			t.Errorf("%s: %v; %q is missing in:\n%s", replica, err, want, out[strings.LastIndex(out, "\n\n"):])
		}
	}
}
