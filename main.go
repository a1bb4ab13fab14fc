// Parley is customer-service live chat that a company runs itself.
//
// This file reads top-down: the command line, the commands that need more than a desk, and serve, which wires
// PostgreSQL, Redis, hub, desk, worker and server, and stops them in reverse. What e-mail needs of the settings is in
// mail.go, what files need in files.go, what other systems need in integrations.go. Settings, the database and all other commands are in
// jobs/cli.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"parley/jobs"
	"parley/jobs/cli"
	"parley/migrations"
	"parley/models"
	"parley/models/redisclient"
	"parley/web"
	"parley/web/assistant"
	"parley/web/demo"
	"parley/web/files"
	"parley/web/live"
	"parley/web/mail"
	"parley/web/mail/inbound"
	"parley/web/push"
)

// version and commit are set by the build.
var (
	version = "unknown"
	commit  string
)

// The exit codes that others may rely on.
const (
	exitFailed       = 1
	exitUsage        = 2
	exitSchemaBehind = 3
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code rather than an error: each kind of failure has its own code and its own way to be printed.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	commands, command, err := cli.Parse(args, stdout, stderr)
	if err != nil {
		if len(args) > 1 && args[0] == "mail" && args[1] == "deliver" {
			return inbound.ExitTryAgain // a mistake in the mail server's settings must not lose mail
		}
		return exitUsage
	}
	if command == "version" { // it needs no settings, and works with invalid ones
		if err := commands.Version.Run(cli.NewBuild(version, commit), stdout); err != nil {
			return exitFailed
		}
		return 0
	}
	p, err := cli.NewProgram(environ, stdin, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "parley: invalid setting: %s\n", err)
		if command == commandDelivers {
			return inbound.ExitTryAgain
		}
		return exitUsage
	}
	ctx, stop := cli.UntilSignal(ctx, exitFailed)
	defer stop()
	defer p.Close()
	err = dispatch(ctx, p, commands, command)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "parley: %s\n", p.Describe(err))
	if command == commandDelivers {
		return inbound.ExitCode(err)
	}
	var behind cli.SchemaBehindError
	if errors.As(err, &behind) {
		return exitSchemaBehind
	}
	return exitFailed
}

func dispatch(ctx context.Context, p *cli.Program, commands *cli.Commands, command string) error {
	switch command {
	case "serve":
		return serve(ctx, p, commands.Serve.Role, nil, func(string) {})
	case "run":
		return try(ctx, p)
	case "healthcheck":
		ctx, cancel := context.WithTimeout(ctx, commands.Healthcheck.Timeout)
		defer cancel()
		return web.CheckReady(ctx, p.Env.ListenAddr, p.Stdout)
	case "config check":
		return commands.Config.Check.Run(ctx, p, probes(p)...)
	case "check":
		desk, err := p.ReadyDesk(ctx)
		if err != nil {
			return err
		}
		return commands.Check.Run(ctx, desk, func() (models.FileStore, error) { return files.Open(filesOptions(p)) }, p.Stdout)
	case "move":
		return commands.Move.Run(ctx, p)
	case "files copy":
		desk, err := p.ReadyDesk(ctx)
		if err != nil {
			return err
		}
		return commands.Files.Copy.Run(ctx, p, desk, func(ctx context.Context, to string, names []string) (copied, missing int, err error) {
			return copyFiles(ctx, p, to, names)
		})
	case "demo":
		return runDemo(ctx, p, commands)
	case commandDelivers:
		return deliver(ctx, p, commands.Mail.Deliver.From, commands.Mail.Deliver.Recipient)
	}
	return commands.Dispatch(ctx, p, command)
}

// try migrates, adds sample data and serves. It is what `make run` runs.
func try(ctx context.Context, p *cli.Program) error {
	if err := p.StartEmbedded(ctx, true); err != nil {
		return err
	}
	mailbox, err := openMailbox(p)
	if err != nil {
		return err
	}
	desk, err := p.Desk(ctx)
	if err != nil {
		return err
	}
	if err := migrations.Up(ctx, desk.DB().DB, p.Stdout); err != nil {
		return err
	}
	if err := demo.Seed(ctx, desk, io.Discard); err != nil {
		return err
	}
	return serve(ctx, p, "all", mailbox, func(url string) { demo.Invite(p.Stdout, url, mailbox != nil) })
}

// runDemo adds sample data, or lets sample users and agents chat through the public API of a running Parley.
func runDemo(ctx context.Context, p *cli.Program, commands *cli.Commands) error {
	o := commands.Demo
	if !o.Live {
		desk, err := p.ReadyDesk(ctx)
		if err != nil {
			return err
		}
		return demo.Seed(ctx, desk, p.Stdout)
	}
	secret, err := p.Env.UserSecret()
	if err != nil {
		return err
	}
	return demo.Live(ctx, demo.Options{
		BaseURL: o.URL, Users: o.Users, Agents: o.Agents, For: o.For, Log: p.Log,
		Token: func(id, name string, attributes models.Attributes) (string, error) {
			return cli.SignUserToken(secret, id, name, "", attributes, time.Hour)
		},
	})
}

// webRedisTimeout limits how long Redis can delay a request. The worker waits longer, because it has no user who waits.
const (
	webRedisTimeout    = 250 * time.Millisecond
	workerRedisTimeout = 3 * time.Second
)

// serve runs the web part, the worker or both until ctx ends, then stops them. It calls started with the address once
// requests are answered. mailbox is nil except for trying.
func serve(ctx context.Context, p *cli.Program, role string, mailbox *mail.Mailbox, started func(url string)) error {
	// Open the port first: an address in use is the most common mistake and should be reported before anything is started.
	listener, err := p.Listen(ctx)
	if err != nil {
		return err
	}
	defer listener.Close()
	mailer, err := newMailer(p, mailbox != nil, listener)
	if err != nil {
		return err
	}
	if err := p.StartEmbedded(ctx, true); err != nil {
		return err
	}
	tracer, err := startTracing(ctx, p)
	if err != nil {
		return err
	}
	desk, err := p.ReadyDesk(ctx)
	if err != nil {
		return err
	}
	setMailer(p, desk, mailer, tracer)
	redisclient.LogTo(p.Log)
	redisHealth := redisclient.NewHealth(p.Log)
	redisOptions, err := p.Env.RedisOptions(webRedisTimeout)
	if err != nil {
		return err
	}
	redisOptions.Health = redisHealth
	installation, err := desk.InstallationKey(ctx)
	if err != nil {
		return err
	}
	prefix := "parley:" + installation + ":"
	hub := live.New(live.Options{Desk: desk, Redis: redisOptions, Prefix: prefix, Log: p.Log})
	desk.SetPublisher(hub)
	store, err := openStore(ctx, p)
	if err != nil {
		return err
	}
	desk.SetFiles(store)
	pushHosts, err := push.ParseHosts(p.Env.PushHosts)
	if err != nil {
		return err
	}
	setPusher(desk, push.New(push.Options{Keys: desk.PushKeys, Contact: p.Env.PublicURL, AllowedHosts: pushHosts}), tracer)
	if err := setWebhookSender(ctx, p, desk); err != nil {
		return err
	}
	receiver := newReceiver(p, desk, store)
	mail, mailListener, err := listenForMail(ctx, p, receiver)
	if err != nil {
		return err
	}
	if mail != nil {
		defer mailListener.Close()
	}
	site, err := newSite(ctx, p, web.Options{
		Desk:        desk,
		Hub:         hub,
		Redis:       redisOptions,
		RedisPrefix: prefix,
		Files:       store,
		Mailbox:     mailbox,
		Metrics:     []prometheus.Collector{receiver.Metrics()},
		Tracer:      tracer,
	})
	if err != nil {
		return err
	}
	p.OnClose(func() { _ = site.Close() })

	group, ctx := errgroup.WithContext(ctx)
	// The hub outlives ctx: it ends the streams of a server that stops, and publishes what the last requests change.
	hubContext, stopHub := context.WithCancel(context.WithoutCancel(ctx))
	defer stopHub()
	group.Go(func() error { return hub.Run(hubContext) })
	if role != "web" {
		worker, err := startWorker(p, desk, prefix, redisHealth, tracer)
		if err != nil {
			return err
		}
		defer worker.Stop()
	}
	server := site.HTTP()
	if role == "worker" {
		server.Handler = healthOnly(server.Handler)
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	if mail != nil {
		p.Log.Info("mail receiver started", "address", mailListener.Addr().String())
		group.Go(func() error { return mail.Serve(mailListener) })
	}
	if address := p.Env.MetricsAddr; address != "" {
		group.Go(func() error { return site.ServeMetrics(hubContext, address) })
	}
	if address := p.Env.PprofAddr; address != "" {
		group.Go(func() error { return web.ServeProfiles(ctx, address) })
	}
	group.Go(func() error {
		<-ctx.Done()
		defer stopHub()
		return stop(p, site, server, mail)
	})
	p.Log.Info("server started", "address", listener.Addr().String(), "role", role, "version", version)
	started(p.Address(listener))
	return group.Wait()
}

// minSecret is the length in bytes below which an HS256 key is weaker than its signature.
const minSecret = 32

// newSite adds to the options what comes from the settings and the database, and returns the web part.
func newSite(ctx context.Context, p *cli.Program, o web.Options) (*web.Server, error) {
	secret, err := p.Env.UserSecret()
	if err != nil {
		return nil, err
	}
	if len(secret) < minSecret {
		p.Log.Warn("USER_TOKEN_SECRET is too short and can be guessed from a token, use at least 32 random bytes")
	}
	if o.FileKey, err = o.Desk.FileKey(ctx); err != nil {
		return nil, err
	}
	for _, network := range p.Env.TrustedProxies {
		parsed, err := web.ParseNetwork(network)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES: %q is not an address or a network such as 10.0.0.0/8", network)
		}
		o.TrustedProxies = append(o.TrustedProxies, parsed)
	}
	if o.SSO, err = newSSO(p); err != nil {
		return nil, err
	}
	if o.SSO != nil {
		o.Desk.SetSSO(p.Env.SSORules())
		o.SSOName = p.Env.OIDCName
	}
	if p.Env.AssistantURL != "" {
		o.Assistant, err = assistant.New(assistant.Options{URL: p.Env.AssistantURL, Key: p.Env.AssistantKey, Model: p.Env.AssistantModel})
		if err != nil {
			return nil, err
		}
	}
	o.Log, o.Version, o.PublicURL = p.Log, version, p.Env.PublicURL
	o.UserTokenSecret, o.UserTokenSecretPrevious = secret, []byte(p.Env.UserTokenSecretPrevious)
	o.TempDir, o.MetricsApart = incomingDir(p), p.Env.MetricsAddr != ""
	o.Ready = func(ctx context.Context) error {
		if err := cli.CheckSchema(ctx, o.Desk); err != nil {
			return err
		}
		return o.Desk.CheckPooler(ctx)
	}
	return web.New(o)
}

func startWorker(
	p *cli.Program, desk *models.Desk, prefix string, health *redisclient.Health, tracer trace.Tracer,
) (*jobs.Worker, error) {
	redisOptions, err := p.Env.RedisOptions(workerRedisTimeout)
	if err != nil {
		return nil, err
	}
	redisOptions.Health = health
	worker := jobs.New(desk, redisOptions, prefix, p.Env.SweepInterval, p.Log)
	if tracer != nil {
		worker.Trace(tracer)
	}
	return worker, worker.Start(context.Background())
}

// healthOnly is the handler of a process that runs the worker alone: orchestrators and Prometheus ask it, users do not.
func healthOnly(all http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		mux.Handle(path, all)
	}
	return mux
}

// stopGrace is how long everything but the requests may take to stop.
const stopGrace = 4 * time.Second

// stop stops the web part in the order in which nothing is lost: not ready, after DRAIN_DELAY streams end, requests in flight are
// answered. The worker and the stores follow when it returns.
func stop(p *cli.Program, site *web.Server, server *http.Server, mail *inbound.Server) error {
	if delay := p.Env.DrainDelay; delay > 0 {
		p.Log.Info("server stops soon, /readyz fails from now on", "in", delay)
		site.AnnounceStop()
		<-time.After(delay)
	}
	p.Log.Info("server stopping, finishing requests in flight")
	last := giveUpAfter(p, p.Env.ShutdownTimeout+stopGrace)
	p.OnCloseLast(func() { last.Stop() })
	site.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), p.Env.ShutdownTimeout)
	defer cancel()
	var mailStopped sync.WaitGroup
	defer mailStopped.Wait()
	if mail != nil {
		mailStopped.Go(func() { mail.Stop(ctx) })
	}
	err := server.Shutdown(ctx)
	if err != nil {
		p.Log.Warn("requests aborted at SHUTDOWN_TIMEOUT")
		err = server.Close()
	}
	site.Finish(ctx)
	return err
}

// exit ends the process; tests replace it.
var exit = os.Exit

// giveUpAfter ends the process as failed unless everything has stopped by then.
func giveUpAfter(p *cli.Program, d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() {
		p.Log.Error("shutdown timed out, exiting while PostgreSQL or Redis does not answer")
		exit(exitFailed)
	})
}
