package faulttest_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/models"
	"parley/models/testdb"
)

// long selects the long forms.
var long = os.Getenv("PARLEY_FAULTS") == "long"

// form returns the value of the short or of the long form.
func form[T any](inShort, inLong T) T {
	if long {
		return inLong
	}
	return inShort
}

var scratch string

func TestMain(m *testing.M) {
	flag.Parse()
	// The short forms wait a lot, the long ones measure.
	_ = flag.Set("test.parallel", form("2", "1"))
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "parley-faults-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		scratch = dir
		return m.Run()
	}())
}

// program is the binary: PARLEY_BINARY, else one that is built once.
var program = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("PARLEY_BINARY"); given != "" {
		return filepath.Abs(given)
	}
	path := filepath.Join(scratch, "parley")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "parley").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build parley: %w\n%s", err, out)
	}
	return path, nil
})

const (
	tokenSecret = "the faults' own secret of many characters"
	password    = "correct horse battery staple"
)

// plant is two instances with their own PostgreSQL and Redis, and their users and agents.
type plant struct {
	t        *testing.T
	postgres *testdb.Server
	redis    *testdb.Server
	// As the program sees them.
	databaseURL, redisURL string

	desk   *models.Desk // bypasses the program, for setup and checks
	binary string       // the program that the instances run
	// addAgent adds an account where the desk cannot, since the schema is that of an earlier release.
	addAgent  func(models.NewAgent) (id string)
	environ   []string
	own       func() []string // environment of each instance alone; nil for none
	confine   func(*exec.Cmd) // changes how each instance is started; nil for nothing
	instances []*instance
	fronts    []string // the addresses of proxies before the instances; nil for none
	ledger    *ledger
	meter     *meter

	ctx    context.Context // the lifetime of streams
	load   context.Context // the lifetime of conversations
	rest   context.CancelFunc
	people []*person
	seen   *sightings
	// patience is how long a client waits for one answer; 0 for requestPatience.
	patience time.Duration

	began   time.Time     // older chats are samples
	moved   bool          // chats are assigned by hand
	settled time.Duration // how long the streams took to deliver the last message

	floods  int
	bosses  int
	talking sync.WaitGroup // ends with load
	work    sync.WaitGroup // ends with ctx
}

// newPlant starts two instances with rate limits for sending and ending that the tests do not reach.
func newPlant(t *testing.T, change ...func(*plant)) *plant {
	t.Helper()
	return newPlantOn(t, testdb.PostgresServer(t), change...)
}

// newPlantOn is newPlant on a PostgreSQL that the test has started.
func newPlantOn(t *testing.T, postgres *testdb.Server, change ...func(*plant)) *plant {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	p := &plant{t: t, postgres: postgres, redis: testdb.RedisServer(t), ledger: &ledger{}, binary: binary, began: time.Now()}
	db, err := models.Open(t.Context(), p.postgres.URL)
	p.must(err)
	p.desk = models.NewDesk(db, models.DefaultSettings(), quiet)
	t.Cleanup(func() { p.desk.Close(); _ = db.Close() })
	p.databaseURL, p.redisURL = p.postgres.URL, p.redis.URL
	for _, f := range change {
		f(p)
	}
	environment := append(p.environ, "DATABASE_URL="+p.databaseURL, "REDIS_URL="+p.redisURL, "USER_TOKEN_SECRET="+tokenSecret,
		"PARLEY_DIR="+t.TempDir(), "LOG_FORMAT=json", "RATE_SEND=100000", "RATE_END=100000", "RATE_LOGIN=1000")
	for i := range 2 {
		environ := slices.Clone(environment)
		if p.own != nil {
			environ = append(environ, p.own()...)
		}
		p.instances = append(p.instances, newInstance(t, p.binary, i, environ))
		p.instances[i].confine = p.confine
	}
	for _, i := range p.instances {
		i.start()
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.ctx = ctx
	p.load, p.rest = context.WithCancel(ctx)
	p.meter = newMeter(p)
	t.Cleanup(func() { cancel(); p.work.Wait() })
	p.watch()
	return p
}

// door returns the address to which a client turns that has tried so many others, and its number: that of an instance or, where there are
// proxies, of a proxy.
func (p *plant) door(at int) (url string, number int) {
	if n := len(p.fronts); n > 0 {
		return p.fronts[at%n], at % n
	}
	number = at % len(p.instances)
	return p.instances[number].url, number
}

func (p *plant) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// connect opens a connection that bypasses the program.
func (p *plant) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(p.postgres.URL)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["statement_timeout"] = "10s"
	return pgx.ConnectConfig(ctx, config)
}

// until waits for a condition that other goroutines fulfil.
func (p *plant) until(within time.Duration, what string, done func() bool) {
	p.t.Helper()
	if !eventually(p.t.Context(), within, done) {
		p.t.Fatalf("after %s still waiting: %s", within, what)
	}
}

func eventually(ctx context.Context, within time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for !done() {
		if !pause(ctx, 10*time.Millisecond) {
			return false
		}
	}
	return true
}

// pause reports whether the time passed before ctx was done.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
