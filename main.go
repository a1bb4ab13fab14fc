// Parley is customer-service live chat that a company runs itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"parley/jobs"
	"parley/jobs/cli"
	"parley/migrations"
	"parley/models"
	"parley/models/embedded"
	"parley/web"
	"parley/web/demo"
	"parley/web/files"
	"parley/web/live"
)

// version is set by the build.
var version = "unknown"

// The exit codes that others may rely on.
const (
	exitFailed       = 1
	exitUsage        = 2
	exitSchemaBehind = 3
)

// commands is what the command line understands.
type commands struct {
	Serve      cli.Serve      `cmd:"" help:"Serve pages, API and live events, and run scheduled tasks."`
	Run        struct{}       `cmd:"" help:"Migrate, add sample data and serve, for trying Parley out."`
	Migrate    cli.Migrate    `cmd:"" help:"Change the database schema. No other command does."`
	Agent      cli.Agent      `cmd:"" help:"Manage agents."`
	Department cli.Department `cmd:"" help:"Manage departments."`
	User       cli.User       `cmd:"" help:"Export or erase the data of a user."`
	Check      cli.Check      `cmd:"" help:"Check the invariants of the database. Exits 1 if one is violated."`
	Demo       struct {
		Live   bool          `help:"Run sample chats against a running Parley through its public API."`
		URL    string        `help:"Address of that Parley." default:"http://localhost:8080"`
		For    time.Duration `help:"Duration of the sample chats." default:"5m"`
		Users  int           `help:"Number of users at the same time." default:"12"`
		Agents int           `help:"Number of sample agents." default:"3"`
	} `cmd:"" help:"Add sample agents, users and conversations."`
	Token   cli.Token `cmd:"" help:"Print a signed user token, for trying the API."`
	Version struct{}  `cmd:"" help:"Print the version."`
}

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("parley"), kong.Description("Self-hosted live chat for customer service."),
		kong.Writers(stdout, stderr), kong.UsageOnError(), kong.Bind(&c))
	if err != nil {
		panic(err)
	}
	call, err := parser.Parse(args)
	if err != nil {
		parser.Errorf("%s", err)
		return exitUsage
	}
	p := &program{version: version, stdin: stdin, stdout: stdout, stderr: stderr, commands: &c}
	if p.env, err = cli.ReadEnvironment(environ); err == nil {
		p.settings, err = p.env.Settings()
	}
	if err != nil {
		fmt.Fprintf(stderr, "parley: invalid setting: %s\n", p.env.Mask(words(err)))
		return exitUsage
	}
	p.log = p.env.Logger(stderr)
	ctx, stop := signalled(ctx)
	defer stop()
	defer p.close()
	err = p.dispatch(ctx, call.Command())
	var behind schemaBehindError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &behind):
		fmt.Fprintln(stderr, "parley: "+behind.Error())
		return exitSchemaBehind
	}
	fmt.Fprintf(stderr, "parley: %s\n", p.env.Mask(words(err)))
	return exitFailed
}

// signalled returns a context that ends with the first SIGTERM or interrupt. The second one ends the process at once.
func signalled(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailed)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// words returns what to tell a person of an error.
func words(err error) string {
	var refused *models.Error
	if errors.As(err, &refused) {
		return refused.Detail
	}
	return err.Error()
}

type schemaBehindError struct{ pending []string }

func (e schemaBehindError) Error() string {
	return fmt.Sprintf("the database schema is behind by %d migration(s). Run `parley migrate up`, then start again.", len(e.pending))
}

// program is one invocation: its settings and what it opened, in the order in which it was opened.
type program struct {
	version        string
	env            cli.Environment
	commands       *commands
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger
	settings       models.Settings
	opened         []func()
	shared         *models.Desk // what desk returned, for the rest of this command
}

func (p *program) close() {
	for _, f := range slices.Backward(p.opened) {
		f()
	}
	p.opened = nil
}

func (p *program) dispatch(ctx context.Context, command string) error {
	command, rest, _ := strings.Cut(command, " ")
	switch command {
	case "version":
		_, err := fmt.Fprintln(p.stdout, "parley", p.version)
		return err
	case "token":
		secret, err := p.env.UserSecret()
		if err != nil {
			return err
		}
		return p.commands.Token.Run(secret, p.stdout)
	case "serve":
		return p.serve(ctx, p.commands.Serve.Role, nil)
	case "run":
		return p.try(ctx)
	case "demo":
		return p.demo(ctx)
	case "migrate":
		desk, err := p.desk(ctx)
		if err != nil {
			return err
		}
		return p.commands.Migrate.Run(ctx, rest, desk, p.stdout)
	}
	desk, err := p.readyDesk(ctx)
	switch {
	case err != nil:
		return err
	case command == "check":
		return p.commands.Check.Run(ctx, desk, p.stdout)
	case command == "user":
		return p.commands.User.Run(ctx, rest, desk, p.stdout)
	case command == "agent":
		return p.commands.Agent.Run(ctx, rest, desk, p.stdin, p.stdout)
	}
	return p.commands.Department.Run(ctx, rest, desk, p.stdout)
}

// services fills in the addresses of the embedded PostgreSQL and Redis where none were given.
func (p *program) services(ctx context.Context, withRedis bool) error {
	options := embedded.Options{Dir: p.env.DataDir, Postgres: p.env.DatabaseURL == "", Redis: withRedis && p.env.RedisURL == "", Log: p.log}
	if !options.Postgres && !options.Redis {
		return nil
	}
	running, err := embedded.Start(ctx, options)
	if err != nil {
		return err
	}
	p.opened = append(p.opened, func() { _ = running.Close() })
	if options.Postgres {
		p.env.DatabaseURL = running.DatabaseURL
	}
	if options.Redis {
		p.env.RedisURL = running.RedisURL
	}
	return nil
}

// desk returns the one desk of this process, on the one pool of connections.
func (p *program) desk(ctx context.Context) (*models.Desk, error) {
	if p.shared != nil {
		return p.shared, nil
	}
	if err := p.services(ctx, false); err != nil {
		return nil, err
	}
	db, err := models.Open(ctx, p.env.DatabaseURL)
	if err != nil {
		return nil, err
	}
	p.opened = append(p.opened, func() { _ = db.Close() })
	desk := models.NewDesk(db, p.settings, p.log)
	p.opened = append(p.opened, desk.Close)
	p.shared = desk
	return desk, nil
}

// schemaReady returns a schemaBehindError when steps of this program are not applied.
func (p *program) schemaReady(ctx context.Context, desk *models.Desk) error {
	_, pending, err := migrations.Status(ctx, desk.DB().DB)
	if err == nil && len(pending) > 0 {
		err = schemaBehindError{pending}
	}
	return err
}

// readyDesk is a desk whose schema is up to date.
func (p *program) readyDesk(ctx context.Context) (*models.Desk, error) {
	desk, err := p.desk(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.schemaReady(ctx, desk); err != nil {
		return nil, err
	}
	if err := desk.RecordHeartbeat(ctx); err != nil {
		return nil, err
	}
	return desk, desk.Reload(ctx)
}

func (p *program) demo(ctx context.Context) error {
	if p.commands.Demo.Live {
		secret, err := p.env.UserSecret()
		if err != nil {
			return err
		}
		o := p.commands.Demo
		return demo.Live(ctx, demo.Options{BaseURL: o.URL, Users: o.Users, Agents: o.Agents, For: o.For, Log: p.log,
			Token: func(id, name string) (string, error) { return cli.SignUserToken(secret, id, name, "", time.Hour) }})
	}
	desk, err := p.readyDesk(ctx)
	if err != nil {
		return err
	}
	return demo.Seed(ctx, desk, p.stdout)
}

// try is what `make run` runs.
func (p *program) try(ctx context.Context) error {
	if err := p.services(ctx, true); err != nil {
		return err
	}
	desk, err := p.desk(ctx)
	if err != nil {
		return err
	}
	if err := migrations.Up(ctx, desk.DB().DB, p.stdout); err != nil {
		return err
	}
	if err := demo.Seed(ctx, desk, io.Discard); err != nil {
		return err
	}
	return p.serve(ctx, "all", func(url string) { demo.Invite(p.stdout, url) })
}

// serve runs the roles until ctx ends, then stops them in the reverse order: not ready, live streams, requests, worker, stores.
func (p *program) serve(ctx context.Context, role string, started func(url string)) error {
	listener, err := p.listen(ctx)
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := p.services(ctx, true); err != nil {
		return err
	}
	desk, err := p.readyDesk(ctx)
	if err != nil {
		return err
	}
	quick, err := p.env.RedisOptions(250 * time.Millisecond)
	if err != nil {
		return err
	}
	installation, err := desk.InstallationKey(ctx)
	if err != nil {
		return err
	}
	prefix := "parley:" + installation + ":"
	hub := live.New(live.Options{Desk: desk, Redis: quick, Prefix: prefix, Log: p.log})
	desk.SetPublisher(hub)
	store, err := p.store(ctx)
	if err != nil {
		return err
	}
	desk.SetFiles(store)
	site, err := p.site(ctx, desk, hub, quick, prefix, store)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	group.Go(func() error { return hub.Run(background) })
	if role != "web" {
		worker, err := p.worker(desk, prefix)
		if err != nil {
			return err
		}
		defer worker.Stop()
	}
	server := site.HTTP()
	if role == "worker" {
		server.Handler = onlyHealth(server.Handler)
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	if address := p.env.PprofAddr; address != "" {
		group.Go(func() error { return web.ServeProfiles(ctx, address) })
	}
	group.Go(func() error {
		<-ctx.Done()
		defer stopBackground()
		return p.stop(site, server)
	})
	p.log.Info("server started", "address", listener.Addr().String(), "role", role, "version", p.version)
	if started != nil {
		started(p.address(listener))
	}
	return group.Wait()
}

// onlyHealth is what a worker answers: how it is, and nothing else.
func onlyHealth(all http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		mux.Handle(path, all)
	}
	return mux
}

// shortSecret is the length in bytes below which an HS256 key is weaker than its signature.
const shortSecret = 32

// store opens where files are kept. A bucket that does not answer now may do so later: everything but files works without it.
func (p *program) store(ctx context.Context) (files.Store, error) {
	store, err := files.Open(files.Options{URL: p.env.FilesURL, Folder: p.env.FilesDir, KeyID: p.env.AWSKeyID, Secret: p.env.AWSSecret, SessionToken: p.env.AWSSessionToken})
	if err != nil || p.env.FilesURL == "" {
		return store, err
	}
	go func() {
		if err := store.Check(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("file store unavailable, files cannot be sent or opened", "error", err)
		}
	}()
	return store, nil
}

func (p *program) site(ctx context.Context, desk *models.Desk, hub *live.Hub, quick *redis.Options, prefix string, store files.Store) (*web.Server, error) {
	secret, err := p.env.UserSecret()
	if err != nil {
		return nil, err
	}
	fileKey, err := desk.FileKey(ctx)
	if err != nil {
		return nil, err
	}
	options := web.Options{Desk: desk, Hub: hub, Log: p.log, Redis: quick, RedisPrefix: prefix, PublicURL: p.env.PublicURL, UserTokenSecret: secret, UserTokenSecretPrevious: []byte(p.env.UserTokenSecretPrevious), Version: p.version,
		Files: store, Spool: filepath.Join(p.env.DataDir, "incoming"), FileKey: fileKey,
		Ready: func(ctx context.Context) error { return p.schemaReady(ctx, desk) }}
	if len(secret) < shortSecret {
		p.log.Warn("USER_TOKEN_SECRET is too short and can be guessed from a token, use at least 32 random bytes")
	}
	for _, network := range p.env.TrustedProxies {
		prefix, err := web.ParseNetwork(network)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES: %q is not an IP address or a network such as 10.0.0.0/8", network)
		}
		options.TrustedProxies = append(options.TrustedProxies, prefix)
	}
	site, err := web.New(options)
	if err != nil {
		return nil, err
	}
	p.opened = append(p.opened, func() { _ = site.Close() })
	return site, nil
}

func (p *program) worker(desk *models.Desk, prefix string) (*jobs.Worker, error) {
	patient, err := p.env.RedisOptions(3 * time.Second)
	if err != nil {
		return nil, err
	}
	worker := jobs.New(desk, patient, prefix, p.env.SweepInterval, p.log)
	return worker, worker.Start(context.Background())
}

// exit ends the process; tests replace it.
var exit = os.Exit

// stopGrace is what everything but the requests may take to stop.
const stopGrace = 4 * time.Second

// stop ends in the order in which nothing is lost: the server stops being ready and ends its streams, then answers what is in flight.
func (p *program) stop(site *web.Server, server *http.Server) error {
	p.log.Info("server stopping, finishing requests in flight")
	last := p.giveUpAfter(p.env.ShutdownTimeout + stopGrace)
	p.opened = append([]func(){func() { last.Stop() }}, p.opened...)
	site.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), p.env.ShutdownTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if err != nil {
		p.log.Warn("requests aborted at SHUTDOWN_TIMEOUT")
		err = server.Close()
	}
	site.Finish(ctx)
	return err
}

// giveUpAfter ends the process as failed unless everything has stopped by then.
func (p *program) giveUpAfter(d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() {
		p.log.Error("shutdown timed out, exiting while PostgreSQL or Redis does not answer")
		exit(exitFailed)
	})
}

func (p *program) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", p.env.ListenAddr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is already in use. Choose another port, for example: LISTEN_ADDR=:8090 make run", p.env.ListenAddr)
	}
	if err != nil {
		return nil, fmt.Errorf("LISTEN_ADDR %s cannot be used: %w", p.env.ListenAddr, err)
	}
	return listener, nil
}

func (p *program) address(listener net.Listener) string {
	if p.env.PublicURL != "" {
		return strings.TrimSuffix(p.env.PublicURL, "/")
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return "http://localhost:" + port
}
