package faulttest_test

import (
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/models/tracing/tracetest"
)

// TestTraces sends the traces of real processes to a receiver: a request with its statements belongs to the trace of
// the proxy and is found by its line in the log, tasks have spans, the span of a stream ends when the stream is open,
// the last spans are sent before a process ends, and no span has a text, a token or a query.
func TestTraces(t *testing.T) {
	t.Parallel()
	receiver := tracetest.Start(t)
	p := newPlant(t, func(p *plant) {
		p.environ = append(
			p.environ,
			"TRUSTED_PROXIES=127.0.0.1",
			"OTEL_EXPORTER_OTLP_ENDPOINT="+receiver.URL,
			"OTEL_BSP_SCHEDULE_DELAY=200",
		)
	})
	find := func(what string, is func(tracetest.Span) bool) tracetest.Span {
		t.Helper()
		var found tracetest.Span
		p.until(15*time.Second, what, func() bool {
			var ok bool
			found, ok = receiver.Find(is)
			return ok
		})
		return found
	}

	line := p.logOf(t, p.instances[0].url, "127.0.0.1", "")
	if line.Trace != claimedTrace {
		t.Errorf("the log has the trace %q", line.Trace)
	}
	server := find("a request has a span", func(s tracetest.Span) bool { return s.Kind == "SPAN_KIND_SERVER" && s.TraceID == claimedTrace })
	if server.Name != "GET /api/customer-service/check-availability" || server.ParentID != "00f067aa0ba902b7" ||
		server.Attributes["http.route"] != "/api/customer-service/check-availability" || server.Attributes["http.request.method"] != "GET" ||
		!strings.Contains(server.Attributes["http.response.status_code"], "200") || server.AboutSender["service.name"] != "parley" {
		t.Errorf("the span of a request is %+v", server)
	}
	// A client that is no trusted proxy begins a trace of its own.
	if line := p.logOf(t, p.instances[0].url, "127.0.0.6", ""); line.Trace == claimedTrace || len(line.Trace) != 32 {
		t.Errorf("for a client the log has the trace %q", line.Trace)
	}

	user := p.user("traced")
	chat, _ := user.open()
	user.say(chat, "traced-1", "a word")
	const ticket = "ticket-that-is-no-good"
	p.must(get(t.Context(), p.instances[0].url+"/api"+ofUser+"/chats?secret="+ticket, user.token))
	assign := find("an assignment has a span", func(s tracetest.Span) bool { return strings.HasSuffix(s.Name, ofUser+"/assign") })
	find("it has statements", func(s tracetest.Span) bool {
		return s.TraceID == assign.TraceID && s.ParentID == assign.ID && s.Kind == "SPAN_KIND_CLIENT"
	})
	find("a prepared statement has its text", func(s tracetest.Span) bool { return strings.Contains(s.Attributes["db.query.text"], "$1") })
	find("a task has a span", func(s tracetest.Span) bool { return s.Name == "house:sweep" && s.Kind == "SPAN_KIND_CONSUMER" })
	p.until(10*time.Second, "the stream is open", func() bool { _, open := user.stream.connection(); return open })
	find("a stream that is open has a span that has ended", func(s tracetest.Span) bool {
		return strings.HasSuffix(s.Name, ofUser+"/events") && strings.Contains(s.Attributes["http.response.status_code"], "200")
	})

	p.must(get(t.Context(), p.instances[0].url+"/openapi.json", ""))
	for _, i := range p.instances {
		began := time.Now()
		i.signal(syscall.SIGTERM)
		i.ends(t, 0, began, 15*time.Second)
	}
	if _, found := receiver.Find(func(s tracetest.Span) bool { return s.Name == "GET /openapi.json" }); !found {
		t.Error("the last span before the stop is missing")
	}
	for what, secret := range map[string]string{
		"a text": secretWord, "a token": user.token, "a query": ticket, "an address": "127.0.0.1", "a chat": chat,
	} {
		if receiver.Has(secret) {
			t.Errorf("the traces have %s", what)
		}
	}
	for _, s := range receiver.Spans() {
		if strings.Contains(s.Name, "readyz") {
			t.Fatal("the checks of health have spans")
		}
	}
}

// get sends a GET and reads the status alone.
func get(ctx context.Context, url, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
