package tracing_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
	"parley/models/tracing"
	"parley/models/tracing/tracetest"
)

// notes is a log.
type notes struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (n *notes) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.buf.Write(b)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.buf.String()
}

func start(t *testing.T, endpoint string) (*tracing.Tracing, *notes) {
	t.Helper()
	said := &notes{}
	made, err := tracing.Start(t.Context(), tracing.Options{
		Endpoint: endpoint,
		Headers:  "authorization=Bearer%20key, x-scope=chat",
		Version:  "v1",
		Log:      slog.New(slog.NewTextHandler(said, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return made, said
}

// TestStatementsHaveNoValues checks that a statement within a span has a span with its operation, without the values
// that bun writes into its text, that a prepared one has its text, and that one outside has no span.
func TestStatementsHaveNoValues(t *testing.T) {
	receiver := tracetest.Start(t)
	traces, _ := start(t, receiver.URL+"/v1/traces")
	db, err := models.Open(t.Context(), testdb.Postgres(t), tracing.Statements(traces.Tracer()))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	defer desk.Close()
	const secret = "quincunx"
	ctx, span := traces.Tracer().Start(t.Context(), "outer")
	if _, err := desk.AddAgent(ctx, models.Actor{Kind: models.KindAgent, ID: "setup", Role: models.RoleAdmin}, models.NewAgent{
		Email: secret + "@example.com", Name: secret, Password: secret + secret, Role: models.RoleAgent,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.NewRaw("SELECT ? / 0", 4711).Exec(ctx); err == nil {
		t.Error("a division by zero succeeds")
	}
	span.End()
	if _, err := db.NewRaw("EXPLAIN SELECT 1").Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	traces.Stop()
	outer, _ := receiver.Find(func(s tracetest.Span) bool { return s.Name == "outer" })
	insert, _ := receiver.Find(func(s tracetest.Span) bool { return s.Name == "INSERT" })
	if insert.ParentID != outer.ID || insert.TraceID != outer.TraceID || insert.Kind != "SPAN_KIND_CLIENT" ||
		insert.Attributes["db.system.name"] != "postgresql" || insert.Attributes["db.operation.name"] != "INSERT" {
		t.Errorf("the span of a statement is %+v", insert)
	}
	for _, operation := range []string{"BEGIN", "COMMIT"} {
		if _, found := receiver.Find(func(s tracetest.Span) bool { return strings.EqualFold(s.Name, operation) }); !found {
			t.Errorf("%s has no span", operation)
		}
	}
	failed, _ := receiver.Find(func(s tracetest.Span) bool { return s.IsError })
	if failed.Name != "SELECT" || failed.Attributes["db.response.status_code"] != "22012" {
		t.Errorf("the span of a failed statement is %+v", failed)
	}
	if _, found := receiver.Find(func(s tracetest.Span) bool { return s.Name == "EXPLAIN" }); found {
		t.Error("a statement outside of a span has one")
	}
	if receiver.Has(secret) || receiver.Has("4711") {
		t.Error("a value of a statement was sent")
	}
	if outer.AboutSender["service.name"] != "parley" || outer.AboutSender["service.version"] != "v1" {
		t.Errorf("the sender is %v", outer.AboutSender)
	}
	if got := receiver.Header("Authorization"); len(got) == 0 || got[0] != "Bearer key" {
		t.Errorf("the header came as %q", got)
	}
}

// TestReceiverAway checks that a receiver that refuses or hangs delays neither spans nor the stop, and is logged once.
func TestReceiverAway(t *testing.T) {
	refusing, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = refusing.Close()
	released := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	t.Cleanup(func() { close(released); hanging.Close() })
	for name, endpoint := range map[string]string{"refusing": "http://" + refusing.Addr().String(), "hanging": hanging.URL} {
		t.Run(name, func(t *testing.T) {
			traces, said := start(t, endpoint+"/v1/traces")
			began := time.Now()
			for range 10_000 { // more than the queue holds
				_, span := traces.Tracer().Start(t.Context(), "span")
				span.End()
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("spans took %s", took)
			}
			began = time.Now()
			traces.Stop()
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("the stop took %s", took)
			}
			if n := strings.Count(said.String(), "traces not delivered"); n != 1 {
				t.Errorf("logged %d times: %s", n, said)
			}
		})
	}
}

// TestBadOptions checks that what cannot work is refused in words that quote no secret.
func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []tracing.Options{
		{Endpoint: "collector:4317"},
		{Endpoint: "http://me:quincunx@collector:4318/v1/traces"},
		{Endpoint: "http://collector:4318/v1/traces", Headers: "quincunx"},
	} {
		_, err := tracing.Start(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_") || strings.Contains(err.Error(), "quincunx") {
			t.Errorf("%+v is refused with: %v", o, err)
		}
	}
	receiver := tracetest.Start(t)
	if err := tracing.Check(t.Context(), tracing.Options{Endpoint: receiver.URL + "/v1/traces"}); err != nil {
		t.Error(err)
	}
	if err := tracing.Check(
		t.Context(),
		tracing.Options{Endpoint: receiver.URL + "/elsewhere"},
	); err == nil ||
		errors.Is(err, context.Canceled) {
		t.Errorf("an address without a receiver is found to be: %v", err)
	}
}
