// Package tracing sends OpenTelemetry traces by OTLP: the provider of spans, and the spans of statements, mail and
// push. Requests make theirs in web, tasks in jobs; both take a tracer and do nothing without one. No span has a text,
// a name, an address, a token or a query.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Options say where traces go. Everything else is read by the SDK from the variables OTEL_*.
type Options struct {
	// Endpoint is the address of the traces at an OTLP receiver, as in http://collector.internal:4318/v1/traces.
	Endpoint string
	// Headers go with each request to it, as in "authorization=Bearer%20…,x-scope=chat"; none if empty.
	Headers string
	Version string
	Log     *slog.Logger
}

const (
	// flushTimeout is how long Stop waits for the receiver to take the last spans, flushTimeoutFailing if it took none the last time.
	flushTimeout        = 2 * time.Second
	flushTimeoutFailing = 100 * time.Millisecond
	// warnEvery is the least time between two warnings about traces that were not delivered.
	warnEvery = time.Minute
)

// Tracing makes spans and sends them in the background, in batches. A receiver that is slow or away delays nothing: spans are dropped once
// the queue of the SDK is full.
type Tracing struct {
	provider *sdktrace.TracerProvider
	failing  atomic.Bool
	log      *slog.Logger

	mu       sync.Mutex
	warnedAt time.Time
}

// Start starts to send traces. The error says in words what is wrong with an option. The receiver need not be reachable.
func Start(ctx context.Context, o Options) (*Tracing, error) {
	t := &Tracing{log: o.Log}
	exporter, err := newExporter(o)
	if err != nil {
		return nil, err
	}
	// What the user sets in OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES has the last word.
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("parley"), semconv.ServiceVersion(o.Version)),
		resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetLogger(logr.FromSlogHandler(o.Log.Handler()))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(t.warn))
	t.provider = sdktrace.NewTracerProvider(sdktrace.WithBatcher(observed{exporter, &t.failing}), sdktrace.WithResource(about))
	return t, nil
}

// Tracer returns what makes spans.
func (t *Tracing) Tracer() trace.Tracer { return t.provider.Tracer("parley") }

// Stop sends the spans that are left, waits for that 2 seconds at most, and hardly at all if the receiver took nothing the last time.
func (t *Tracing) Stop() {
	timeout := flushTimeout
	if t.failing.Load() {
		timeout = flushTimeoutFailing
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.warn(err)
	}
}

// warn logs that traces were not delivered, once a minute at most.
func (t *Tracing) warn(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.warnedAt) >= warnEvery {
		t.warnedAt = now
		t.log.Warn("traces not delivered, will go on trying", "error", err)
	}
}

// observed remembers whether the last batch was delivered.
type observed struct {
	sdktrace.SpanExporter
	failing *atomic.Bool
}

func (o observed) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := o.SpanExporter.ExportSpans(ctx, spans)
	o.failing.Store(err != nil)
	return err
}

// Check returns why the receiver cannot be used, by sending it no spans.
func Check(ctx context.Context, o Options) error {
	options, err := o.client()
	if err != nil {
		return err
	}
	return otlptracehttp.NewClient(append(options, otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))...).UploadTraces(ctx, nil)
}

func newExporter(o Options) (*otlptrace.Exporter, error) {
	options, err := o.client()
	if err != nil {
		return nil, err
	}
	// Its start connects to nothing.
	return otlptracehttp.New(context.Background(), options...)
}

func (o Options) client() ([]otlptracehttp.Option, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT is not an address such as http://collector.internal:4318")
	}
	if u.User != nil {
		return nil, errors.New(
			"OTEL_EXPORTER_OTLP_ENDPOINT has a user or a password; use OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20…",
		)
	}
	options := []otlptracehttp.Option{otlptracehttp.WithEndpointURL(o.Endpoint)}
	if o.Headers == "" {
		return options, nil
	}
	headers := map[string]string{}
	for pair := range strings.SplitSeq(o.Headers, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(pair), "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !found || name == "" || err != nil {
			return nil, errors.New("OTEL_EXPORTER_OTLP_HEADERS is not a list such as authorization=Bearer%20…,x-scope=chat")
		}
		headers[name] = value
	}
	return append(options, otlptracehttp.WithHeaders(headers)), nil
}
