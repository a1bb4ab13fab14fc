package tracing

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// statements makes a span of each statement within a span. Statements of the background have no parent and get none.
type statements struct{ tracer trace.Tracer }

// Statements returns what traces the statements of a connection of PostgreSQL, including BEGIN and COMMIT.
func Statements(tracer trace.Tracer) pgx.QueryTracer { return statements{tracer} }

type statementKey struct{}

// TraceQueryStart implements [pgx.QueryTracer]. A statement of bun has its values in its text, so only its first word
// is taken; a prepared one has none, so it is taken whole.
func (s statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	operation := operationOf(data.SQL)
	ctx, span := s.tracer.Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(semconv.DBSystemNamePostgreSQL, semconv.DBOperationName(operation)))
	if len(data.Args) > 0 && data.Args[0] == pgx.QueryExecModeCacheStatement {
		span.SetAttributes(semconv.DBQueryText(data.SQL))
	}
	return context.WithValue(ctx, statementKey{}, span)
}

// TraceQueryEnd implements [pgx.QueryTracer]. Of an error of PostgreSQL only its code is taken, because its text may quote values.
func (s statements) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	span, ok := ctx.Value(statementKey{}).(trace.Span)
	if !ok {
		return
	}
	if err := data.Err; err != nil && !errors.Is(err, pgx.ErrNoRows) {
		span.SetStatus(codes.Error, "")
		var refused *pgconn.PgError
		if errors.As(err, &refused) {
			span.SetAttributes(semconv.DBResponseStatusCode(refused.Code))
		}
	}
	span.End()
}

// operationOf returns the first word of a statement in capital letters.
func operationOf(statement string) string {
	statement = strings.TrimLeft(statement, " \t\r\n(")
	end := strings.IndexFunc(statement, func(r rune) bool { return r < 'A' || r > 'z' || r > 'Z' && r < 'a' })
	if end < 0 {
		end = len(statement)
	}
	if end == 0 || end > len("REFRESH") {
		return "STATEMENT"
	}
	return strings.ToUpper(statement[:end])
}
