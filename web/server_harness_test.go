package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/models/redisclient"
	"parley/models/testdb"
	"parley/web"
	"parley/web/api"
	"parley/web/files"
	"parley/web/live"
	"parley/web/webhook"
)

const (
	secret   = "a secret that host sites share with us"
	password = "correct horse battery"
)

// testServer is one complete instance with its own database and Redis.
type testServer struct {
	t      *testing.T
	folder string // of the files that were sent
	desk   *models.Desk
	hub    *live.Hub
	server *web.Server
	url    string
	client *http.Client
}

type setup struct {
	settings    func(*models.Settings)
	options     func(*web.Options)
	log         *slog.Logger // of warnings, into the output of the test
	databaseURL string
	redisURL    string
	prefix      string // in Redis; the installation's own if it is empty
}

func startServer(t *testing.T, change ...func(*setup)) *testServer {
	t.Helper()
	s := setup{settings: func(*models.Settings) {}, options: func(*web.Options) {}}
	for _, f := range change {
		f(&s)
	}
	if s.databaseURL == "" {
		s.databaseURL = testdb.Postgres(t)
	}
	if s.redisURL == "" {
		s.redisURL = testdb.Redis(t)
	}
	db, err := models.Open(t.Context(), s.databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	settings := models.DefaultSettings()
	s.settings(&settings)
	log := s.log
	if log == nil {
		log = slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	desk := models.NewDesk(db, settings, log)
	redisOptions, err := redisclient.Parse(s.redisURL)
	if err != nil {
		t.Fatal(err)
	}
	redisOptions.Health = redisclient.NewHealth(log)
	if s.prefix == "" {
		key, err := desk.InstallationKey(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.prefix = "parley:" + key + ":"
	}
	hub := live.New(live.Options{Desk: desk, Redis: redisOptions, Prefix: s.prefix, Log: log})
	desk.SetPublisher(hub)
	options := web.Options{
		Desk:            desk,
		Hub:             hub,
		Log:             log,
		Redis:           redisOptions,
		RedisPrefix:     s.prefix,
		UserTokenSecret: []byte(secret),
		Ready:           desk.Ping,
		Version:         "test",
	}
	folder := t.TempDir()
	if options.Files, err = files.Open(files.Options{Folder: folder}); err != nil {
		t.Fatal(err)
	}
	desk.SetFiles(options.Files)
	tellsWebhooks(desk)
	s.options(&options)
	server, err := web.New(options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { _ = hub.Run(ctx); close(stopped) }()
	at := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		server.Drain()
		at.CloseClientConnections()
		at.Close()
		cancel()
		<-stopped
		desk.Close()
		_ = server.Close()
		_ = db.Close()
	})
	h := &testServer{t: t, folder: folder, desk: desk, hub: hub, server: server, url: at.URL}
	h.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	h.until("listening to Redis", hub.Connected)
	return h
}

// tellsWebhooks lets a desk tell webhooks.
func tellsWebhooks(desk *models.Desk) {
	desk.SetWebhookSender(webhook.New(webhook.Options{
		Version: "test", Links: api.FileLinks{Key: []byte("key")},
		Networks: func() []netip.Prefix { return models.ParseWebhookNetworks(desk.Settings().WebhookNetworks) },
	}))
}

// testWriter writes the log of an instance to the output of its test.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

// until waits for what another goroutine does.
func (h *testServer) until(what string, done func() bool) {
	h.t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			h.t.Fatalf("still waiting for: %s", what)
		case <-tick.C:
		}
	}
}

// answer is a response.
type answer struct {
	t      *testing.T
	Status int
	Header http.Header
	Body   []byte
	host   string // where it came from, if that matters
}

// ask sends a request like a program.
func (h *testServer) ask(method, path, token string, body any) answer {
	h.t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	var raw []byte
	switch b := body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	default:
		var err error
		if raw, err = json.Marshal(b); err != nil {
			h.t.Fatal(err)
		}
	}
	if raw != nil {
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return h.send(method, path, header, raw)
}

func (h *testServer) send(method, path string, header http.Header, body []byte) answer {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header = header
	got, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer got.Body.Close()
	var raw []byte
	if got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/event-stream") { // which has no end
		if raw, err = io.ReadAll(got.Body); err != nil {
			h.t.Fatal(err)
		}
	}
	checkAgainstDocument(h.t, r, got, raw)
	checkDiscretion(h.t, r, got, raw)
	return answer{h.t, got.StatusCode, got.Header, raw, h.url}
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("answered %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// refused checks a problem document.
func (a answer) refused(status int, code string) answer {
	a.t.Helper()
	a.want(status)
	if got := a.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/problem+json") {
		a.t.Errorf("a problem came as %q", got)
	}
	p := a.object()
	if p["code"] != code || p["status"] != float64(status) || p["title"] == "" || p["detail"] == "" || p["type"] == "" {
		a.t.Fatalf("the problem is %s, want code %s", a.Body, code)
	}
	return a
}

func (a answer) object() map[string]any {
	a.t.Helper()
	var o map[string]any
	if err := json.Unmarshal(a.Body, &o); err != nil {
		a.t.Fatalf("%v in %q", err, a.Body)
	}
	return o
}

func (a answer) list() []map[string]any {
	a.t.Helper()
	var l []map[string]any
	if err := json.Unmarshal(a.Body, &l); err != nil {
		a.t.Fatalf("%v in %q", err, a.Body)
	}
	return l
}

func (a answer) str(name string) string {
	a.t.Helper()
	s, _ := a.object()[name].(string)
	return s
}

// admin is the actor who adds agents in tests.
var admin = models.Actor{Kind: models.KindAgent, ID: "setup", Role: models.RoleAdmin}

// agent adds an agent and signs in.
func (h *testServer) agent(name string, role models.Role, change ...func(*models.NewAgent)) (*models.Agent, string) {
	h.t.Helper()
	n := models.NewAgent{Email: name + "@example.com", Name: name, Password: password, Role: role}
	for _, f := range change {
		f(&n)
	}
	a, err := h.desk.AddAgent(h.t.Context(), admin, n)
	if err != nil {
		h.t.Fatal(err)
	}
	token, _, err := h.desk.SignIn(h.t.Context(), n.Email, password, "test")
	if err != nil {
		h.t.Fatal(err)
	}
	return a, token
}

// online adds an agent who is signed in and online.
func (h *testServer) online(name string, change ...func(*models.NewAgent)) (*models.Agent, string) {
	h.t.Helper()
	a, token := h.agent(name, models.RoleAgent, change...)
	h.ask("POST", "/api/customer-service/online", token, nil).want(200)
	return a, token
}

// guest creates an anonymous user.
func (h *testServer) guest() (id, token string) {
	h.t.Helper()
	got := h.ask("POST", "/api/user/session", "", nil).want(200)
	return got.str("user_id"), got.str("token")
}

// asks starts a chat and returns its id.
func (h *testServer) asks(token, message string) string {
	h.t.Helper()
	got := h.ask("POST", "/api/user/customer-service/assign", token, map[string]any{"message": message}).want(200).object()
	chat, ok := got["chat"].(map[string]any)
	if !ok {
		chat, ok = got["queue_status"].(map[string]any)
	}
	if !ok {
		h.t.Fatalf("no chat in %v", got)
	}
	return chat["chat_id"].(string)
}

// event is an event of a stream.
type event struct {
	Name, ID, Data string
	body           map[string]any
}

// listener reads a stream.
type listener struct {
	h      *testServer
	events chan event
	cancel context.CancelFunc
	status int
	header http.Header
	lastID string
}

func (h *testServer) listen(path, token, cursor string) *listener {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if cursor != "" {
		r.Header.Set("Last-Event-ID", cursor)
	}
	got, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	l := &listener{h: h, events: make(chan event, 1000), cancel: cancel, status: got.StatusCode, header: got.Header}
	h.t.Cleanup(cancel)
	go func() {
		defer close(l.events)
		defer got.Body.Close()
		var e event
		lines := bufio.NewScanner(got.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "event":
				e.Name = value
			case "id":
				e.ID = value
			case "data":
				e.Data += value
			case "":
				if e.Name != "" || e.ID != "" {
					_ = json.Unmarshal([]byte(e.Data), &e.body)
					if strings.HasPrefix(path, "/api/") { // pages have events of their own
						checkEvent(l.h.t, path, e)
					}
					l.events <- e
				}
				e = event{}
			}
		}
	}()
	return l
}

// next returns the next event of that name and skips others.
func (l *listener) next(name string) event {
	l.h.t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	for {
		select {
		case e, open := <-l.events:
			if !open {
				l.h.t.Fatalf("the stream ended before %q came", name)
			}
			if e.ID != "" {
				l.lastID = e.ID
			}
			if e.Name == name {
				return e
			}
		case <-deadline.C:
			l.h.t.Fatalf("%q did not come", name)
		}
	}
}

// any returns the next event of any name.
func (l *listener) any() event {
	l.h.t.Helper()
	select {
	case e, open := <-l.events:
		if !open {
			l.h.t.Fatal("the stream ended")
		}
		return e
	case <-time.After(10 * time.Second):
		l.h.t.Fatal("nothing came")
	}
	return event{}
}

// ended waits for the end of the stream.
func (l *listener) ended() {
	l.h.t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	for {
		select {
		case _, open := <-l.events:
			if !open {
				return
			}
		case <-deadline.C:
			l.h.t.Fatal("the stream goes on")
		}
	}
}
