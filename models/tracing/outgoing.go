package tracing

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"parley/models"
)

// Mailer returns a mailer that makes a span of each mail. It has the kind of the mail, and neither addresses nor texts.
func Mailer(to models.Mailer, tracer trace.Tracer) models.Mailer { return mailer{to, tracer} }

type mailer struct {
	models.Mailer
	tracer trace.Tracer
}

func (m mailer) Send(ctx context.Context, mail *models.Mail) error {
	ctx, span := m.tracer.Start(ctx, "mail send", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("parley.mail.kind", string(mail.Kind))))
	defer span.End()
	return failed(span, m.Mailer.Send(ctx, mail))
}

// Pusher returns a pusher that makes a span of each notification, without its device and text.
func Pusher(to models.Pusher, tracer trace.Tracer) models.Pusher { return pusher{to, tracer} }

type pusher struct {
	models.Pusher
	tracer trace.Tracer
}

func (p pusher) Push(ctx context.Context, n models.PushNotice) error {
	ctx, span := p.tracer.Start(ctx, "push send", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	return failed(span, p.Pusher.Push(ctx, n))
}

// failed marks a span as failed, without the text of the error, which may have an address.
func failed(span trace.Span, err error) error {
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return err
}
