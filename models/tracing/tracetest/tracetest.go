// Package tracetest receives traces by OTLP over HTTP, for tests. Only tests may import it.
package tracetest

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"
)

// Receiver is an OTLP receiver that runs until its test ends.
type Receiver struct {
	// URL is the value of OTEL_EXPORTER_OTLP_ENDPOINT.
	URL string

	mu      sync.Mutex
	spans   []Span
	raw     []byte
	headers []http.Header
}

// Span is a span that was received. Attributes have their values as text.
type Span struct {
	Name, Kind              string
	TraceID, ID, ParentID   string // hex; ParentID is "" for a root
	IsError                 bool
	Attributes, AboutSender map[string]string
}

// Start starts a receiver.
func Start(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", r.receive)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

func (r *Receiver) receive(w http.ResponseWriter, request *http.Request) {
	raw, err := io.ReadAll(request.Body)
	var body collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(raw, &body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw = append(r.raw, raw...)
	r.headers = append(r.headers, request.Header)
	for _, group := range body.GetResourceSpans() {
		sender := textsOf(group.GetResource().GetAttributes())
		for _, scope := range group.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				r.spans = append(r.spans, Span{
					Name: s.GetName(), Kind: s.GetKind().String(), TraceID: hex.EncodeToString(s.GetTraceId()),
					ID: hex.EncodeToString(s.GetSpanId()), ParentID: hex.EncodeToString(s.GetParentSpanId()),
					IsError: s.GetStatus().GetCode() == 2, Attributes: textsOf(s.GetAttributes()), AboutSender: sender,
				})
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func textsOf(attributes []*common.KeyValue) map[string]string {
	texts := map[string]string{}
	for _, a := range attributes {
		texts[a.GetKey()] = a.GetValue().GetStringValue()
		if _, isText := a.GetValue().GetValue().(*common.AnyValue_StringValue); !isText {
			texts[a.GetKey()] = a.GetValue().String()
		}
	}
	return texts
}

// Spans returns the spans that were received until now.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Find returns the first received span for which is returns true.
func (r *Receiver) Find(is func(Span) bool) (Span, bool) {
	all := r.Spans()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return Span{}, false
}

// Has reports whether a text is anywhere in what was received.
func (r *Receiver) Has(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Contains(r.raw, []byte(text))
}

// Header returns the values of a header in the requests that were received, in order.
func (r *Receiver) Header(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var values []string
	for _, h := range r.headers {
		values = append(values, h.Get(name))
	}
	return values
}
