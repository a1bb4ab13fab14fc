package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// traced makes a span of each request, with method, route and status, and without address, query and body. It belongs to the trace of the
// header traceparent where a trusted proxy sent one. The span of a stream ends once the stream is open.
func (s *Server) traced(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if isBackground(c.Path()) {
			return next(c)
		}
		r := c.Request()
		method, route := knownMethod(r.Method), c.Path()
		ctx, span := s.opts.Tracer.Start(s.traceParent(r), method+" "+route, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(semconv.HTTPRequestMethodKey.String(method), semconv.HTTPRoute(route)))
		defer func() {
			status := c.Response().Status
			span.SetAttributes(semconv.HTTPResponseStatusCode(status))
			if status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
			span.End()
		}()
		c.SetRequest(r.WithContext(ctx))
		return next(c)
	}
}

// traceParent returns the context of a request with the span that a trusted proxy has made for it, if there is one.
func (s *Server) traceParent(r *http.Request) context.Context {
	if !s.isTrustedProxy(r.RemoteAddr) {
		return r.Context()
	}
	return propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
}

// knownMethod returns a method that a route may have, and for any other _OTHER, so that clients cannot invent values.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "_OTHER"
}
