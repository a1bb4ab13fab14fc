package web_test

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/jobs"
	"parley/models"
	"parley/models/redisclient"
	"parley/models/testdb"
	"parley/web"
	"parley/web/files"
	"parley/web/live"
	"parley/web/mail"
)

// site is a complete Parley for browsers: pages, live events and the worker, at an address that stays the same when it is stopped and
// started again. Its testServer is the instance that runs now.
type site struct {
	*testServer
	databaseURL string
	redis       *redisclient.Options
	prefix      string
	settings    models.Settings
	options     func(*web.Options) // changes more; nil for nothing
	address     string
	publicURL   string // the public address, if different from its own
	version     string // of the program; "test" if empty
	mailbox     *mail.Mailbox
	prepare     func(s *site) // called before anything uses the desk; nil for nothing
	running     func()        // stops the instance; nil while stopped
}

// newSite starts a Parley for one test. change, which may be nil, changes its settings. Those are the defaults, except that an agent
// without heartbeats stays online and that a silent chat does not end.
func newSite(t *testing.T, change func(*models.Settings), more ...func(*site)) *site {
	t.Helper()
	s := &site{
		testServer:  &testServer{t: t, folder: t.TempDir()},
		databaseURL: testdb.Postgres(t),
		prefix:      "test-" + uuid.NewString() + ":",
		settings:    models.DefaultSettings(),
		address:     "127.0.0.1:0",
	}
	// On a busy machine a test takes longer than the default times without a heartbeat or a message.
	s.settings.PresenceTimeout, s.settings.IdleWarning, s.settings.IdleTimeout = time.Hour, time.Hour, 2*time.Hour
	if change != nil {
		change(&s.settings)
	}
	for _, f := range more {
		f(s)
	}
	var err error
	if s.redis, err = redisclient.Parse(testdb.Redis(t)); err != nil {
		t.Fatal(err)
	}
	s.start()
	t.Cleanup(func() {
		if s.running != nil {
			s.stop()
		}
	})
	return s
}

// start starts the instance and returns when it responds.
func (s *site) start() {
	s.t.Helper()
	db, err := models.Open(s.t.Context(), s.databaseURL)
	s.must(err)
	log := slog.New(slog.NewTextHandler(testWriter{s.t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	desk := models.NewDesk(db, s.settings, log)
	s.must(desk.RecordHeartbeat(s.t.Context()))
	hub := live.New(live.Options{Desk: desk, Redis: s.redis, Prefix: s.prefix, Log: log})
	desk.SetPublisher(hub)
	store, err := files.Open(files.Options{Folder: s.folder})
	s.must(err)
	desk.SetFiles(store)
	tellsWebhooks(desk)
	key, err := desk.FileKey(s.t.Context())
	s.must(err)
	options := web.Options{
		Desk:            desk,
		Hub:             hub,
		Log:             log,
		Redis:           s.redis,
		RedisPrefix:     s.prefix,
		UserTokenSecret: []byte(secret),
		Ready:           desk.Ping,
		Version:         cmp.Or(s.version, "test"),
		PublicURL:       s.publicURL,
		Files:           store,
		FileKey:         key,
		Mailbox:         s.mailbox,
	}
	if s.options != nil {
		s.options(&options)
	}
	server, err := web.New(options)
	s.must(err)
	listener, err := net.Listen("tcp", s.address)
	s.must(err)
	s.address = listener.Addr().String()
	*s.testServer = testServer{
		t: s.t, folder: s.folder, desk: desk, hub: hub, server: server, url: "http://" + s.address,
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	if s.prepare != nil {
		s.prepare(s)
	}
	worker := jobs.New(desk, s.redis, s.prefix, time.Second, log)
	s.must(worker.Start(context.Background()))

	ctx, cancel := context.WithCancel(context.Background())
	hubEnded := make(chan struct{})
	go func() { _ = hub.Run(ctx); close(hubEnded) }()
	at := server.HTTP()
	go func() { _ = at.Serve(listener) }()
	s.running = func() {
		ending, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		server.Drain()
		if at.Shutdown(ending) != nil {
			_ = at.Close()
		}
		worker.Stop()
		cancel()
		<-hubEnded
		_ = server.Close()
		desk.Close()
		_ = db.Close()
	}
}

// stop ends the instance as SIGTERM would. The database stays, and so does the address.
func (s *site) stop() {
	s.running()
	s.running = nil
}

// elsewhere is the desk of another instance, which has no streams.
func (s *site) elsewhere() *models.Desk {
	s.t.Helper()
	db, err := models.Open(s.t.Context(), s.databaseURL)
	s.must(err)
	desk := models.NewDesk(db, s.settings, slog.New(slog.DiscardHandler))
	s.t.Cleanup(func() {
		desk.Close()
		_ = db.Close()
	})
	return desk
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
