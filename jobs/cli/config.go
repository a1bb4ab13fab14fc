package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/models"
	"parley/models/redisclient"
)

// Config is `parley config`.
type Config struct {
	Check ConfigCheck `cmd:"" help:"Print every setting with its origin, and try what they lead to. Exits 1 if something cannot work."`
}

// ConfigCheck is `parley config check`.
type ConfigCheck struct {
	Offline bool `help:"Connect to nothing: no database, Redis, mail server or bucket. Settings that admins stored are not shown."`
}

// Probe tries what a setting leads to.
type Probe struct {
	Name string
	// Try returns why it cannot work, and nil if it does or is not used.
	Try func(context.Context) error
}

// CannotWorkError is how many probes failed.
type CannotWorkError int

func (e CannotWorkError) Error() string { return fmt.Sprintf("%d of the settings cannot work", int(e)) }

// probeTimeout is how long one probe may take.
const probeTimeout = 5 * time.Second

// Run prints each setting with its value, secrets masked, and where the value comes from, then tries PostgreSQL, Redis and the probes of
// the caller. If any fails, the error is a [CannotWorkError].
func (c *ConfigCheck) Run(ctx context.Context, p *Program, probes ...Probe) error {
	stored, databaseErr := map[string]string{}, error(nil)
	if !c.Offline && p.Env.DatabaseURL != "" {
		probing, cancel := context.WithTimeout(ctx, probeTimeout)
		stored, databaseErr = storedSettings(probing, p)
		cancel()
	}
	if err := p.Env.print(p.Stdout, stored); err != nil || c.Offline {
		return err
	}
	probes = append([]Probe{
		{"PostgreSQL", func(context.Context) error { return databaseErr }},
		{"replica of PostgreSQL", p.probeReplica},
		{"Redis", p.Env.probeRedis},
	}, probes...)
	fmt.Fprintln(p.Stdout)
	broken := 0
	for _, probe := range probes {
		probing, cancel := context.WithTimeout(ctx, probeTimeout)
		err := probe.Try(probing)
		cancel()
		if err != nil {
			broken++
			fmt.Fprintf(p.Stdout, "CANNOT WORK  %s: %s\n", probe.Name, p.Describe(err))
			continue
		}
		fmt.Fprintf(p.Stdout, "ok           %s\n", probe.Name)
	}
	if allowed, err := connectionsOf(ctx, p); err == nil && p.Env.DatabaseURL != "" && databaseErr == nil {
		fmt.Fprintf(p.Stdout, "note         %s\n", allowed)
	}
	if broken > 0 {
		return CannotWorkError(broken)
	}
	return nil
}

// storedSettings returns the values of settings that admins changed, by key. It changes nothing in the database.
func storedSettings(ctx context.Context, p *Program) (map[string]string, error) {
	desk, err := p.Desk(ctx)
	if err != nil {
		return nil, err
	}
	if err := CheckSchema(ctx, desk); err != nil {
		return nil, err
	}
	if err := desk.CheckPooler(ctx); err != nil {
		return nil, err
	}
	if c, err := desk.Connections(ctx); err == nil && c.Instances() < 1 {
		return nil, fmt.Errorf(
			"DATABASE_POOL_SIZE is %d, but PostgreSQL allows %d connections; lower it, or raise max_connections",
			c.PoolSize,
			c.Allowed,
		)
	}
	if err := desk.Reload(ctx); err != nil {
		return nil, err
	}
	stored := map[string]string{}
	for _, row := range desk.SettingRows() {
		if row.Overridden {
			stored[row.Key] = models.ShortDuration(row.Value)
		}
	}
	return stored, nil
}

// connectionsOf returns how many connections PostgreSQL allows.
func connectionsOf(ctx context.Context, p *Program) (models.Connections, error) {
	if p.desk == nil {
		return models.Connections{}, errors.New("there is no database")
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return p.desk.Connections(ctx)
}

// probeReplica asks the replica of DATABASE_REPLICA_URL how old its data is.
func (p *Program) probeReplica(ctx context.Context) error {
	if p.Env.DatabaseReplica == "" || p.Env.DatabaseURL == "" {
		return nil
	}
	desk, err := p.Desk(ctx)
	if err != nil {
		return err
	}
	return desk.ReplicaState(ctx).Err
}

// probeRedis tries the Redis of REDIS_URL and says what is wrong with it and what to do. The embedded one is not started.
func (e Environment) probeRedis(ctx context.Context) error {
	if e.RedisURL == "" {
		return nil
	}
	options, err := e.RedisOptions(probeTimeout)
	if err != nil {
		return err
	}
	options.DialerRetries = 1
	client := options.Client()
	defer client.Close()
	err = tryRedis(ctx, client)
	if advice := redisclient.ReasonOf(err).Advice(); advice != "" {
		return fmt.Errorf("%s (%w)", advice, err)
	}
	return err
}

// tryRedis does what Parley does: it writes, here keys that expire at once, and publishes. A replica and a sentinel would answer a ping.
func tryRedis(ctx context.Context, client redis.UniversalClient) error {
	for _, key := range []string{"parley:check", "asynq:check"} {
		if err := client.Set(ctx, key, "", time.Millisecond).Err(); err != nil {
			return err
		}
	}
	return client.Publish(ctx, "parley:check", "").Err()
}

// print writes every setting with its value and its origin.
func (e Environment) print(out io.Writer, stored map[string]string) error {
	rules := RuleVariables()
	return table(out, "SETTING\tVALUE\tFROM", func(row func(string, ...any)) {
		for _, v := range slices.Concat(ProcessVariables(), rules) {
			value, from := v.Default, "default"
			if given, set := e.given[v.Name]; set {
				value, from = given.value, given.from
			}
			if changed, set := stored[v.Name]; set {
				value, from = changed, "settings page"
			}
			if value == "" {
				value = "(" + plain(v.Unset) + ")"
			}
			row("%s\t%s\t%s", v.Name, oneLine(e.masked(v.Name, value)), from)
		}
	})
}

// oneLine keeps a value from looking like another line of the table.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// masked returns the value of a variable without its secret: a key is masked whole, an address loses its password.
func (e Environment) masked(name, value string) string {
	if _, isGiven := e.given[name]; !isGiven || !slices.Contains(secretVariables, name) {
		return e.Mask(value)
	}
	if u, err := url.Parse(value); err == nil && u.Scheme != "" && u.Host+u.Path != "" {
		if query := u.Query(); query.Has("password") || query.Has("sslpassword") || query.Has("sentinel_password") {
			return mask
		}
		if _, has := u.User.Password(); !has {
			return value
		}
		return strings.Replace(u.Redacted(), ":xxxxx@", ":"+mask+"@", 1)
	}
	return mask
}

// secretVariables are those whose value may also be read from a file, which the variable with _FILE names.
var secretVariables = []string{
	"DATABASE_URL",
	"DATABASE_REPLICA_URL",
	"REDIS_URL",
	"USER_TOKEN_SECRET",
	"USER_TOKEN_SECRET_PREVIOUS",
	"FILES_URL",
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"SMTP_URL",
	"OIDC_CLIENT_SECRET",
	"ASSISTANT_KEY",
	"OTEL_EXPORTER_OTLP_HEADERS",
}

// given is a value that the environment sets, and where it stands.
type given struct{ value, from string }

const fromEnvironment = "environment"

// maxSecretFile is the largest file of a secret, in bytes.
const maxSecretFile = 64 << 10

// readSecretFiles sets each variable of secretVariables that has a file, in place, and returns where every variable comes from. It
// refuses a variable that is set both ways, and a file that cannot be read.
func readSecretFiles(variables map[string]string) (map[string]given, error) {
	all := map[string]given{}
	for name, value := range variables {
		if value != "" { // empty is as if it were not set
			all[name] = given{value, fromEnvironment}
		}
	}
	for _, name := range secretVariables {
		path := variables[name+"_FILE"]
		if path == "" {
			continue
		}
		if variables[name] != "" {
			return nil, fmt.Errorf("%s and %s_FILE are both set; set one of them", name, name)
		}
		content, err := readSecretFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s_FILE: %w", name, err)
		}
		variables[name] = content
		all[name] = given{content, "file " + path}
	}
	return all, nil
}

// readSecretFile returns the content of a file without the line break at its end.
func readSecretFile(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case info.Size() > maxSecretFile:
		return "", fmt.Errorf("%s is larger than 64 kB", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(content), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return text, nil
}
