package main

import (
	"context"
	"net/netip"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"parley/jobs/cli"
	"parley/models"
	"parley/models/tracing"
	"parley/web/api"
	"parley/web/files"
	"parley/web/sso"
	"parley/web/webhook"
)

// This file connects other systems from the settings: traces, push messages, webhooks and single sign-on. E-mail is in mail.go.

// startTracing starts to send traces and lets the database that is opened next take part. The tracer is nil where they go nowhere.
func startTracing(ctx context.Context, p *cli.Program) (trace.Tracer, error) {
	if p.Env.TracesAddress() == "" {
		return nil, nil //nolint:nilnil // no traces are no error
	}
	t, err := tracing.Start(ctx, tracingOptions(p))
	if err != nil {
		return nil, err
	}
	p.OnClose(t.Stop)
	p.Tracers = append(p.Tracers, tracing.Statements(t.Tracer()))
	return t.Tracer(), nil
}

func tracingOptions(p *cli.Program) tracing.Options {
	return tracing.Options{Endpoint: p.Env.TracesAddress(), Headers: p.Env.OTLPHeaders, Version: version, Log: p.Log}
}

func setPusher(desk *models.Desk, pusher models.Pusher, tracer trace.Tracer) {
	if tracer != nil {
		pusher = tracing.Pusher(pusher, tracer)
	}
	desk.SetPusher(pusher)
}

// setWebhookSender lets the desk tell webhooks.
func setWebhookSender(ctx context.Context, p *cli.Program, desk *models.Desk) error {
	proxy, err := webhook.ParseProxy(p.Env.WebhookProxy)
	if err != nil {
		return err
	}
	key, err := desk.FileKey(ctx)
	if err != nil {
		return err
	}
	desk.SetWebhookSender(webhook.New(webhook.Options{
		Links: api.FileLinks{Base: strings.TrimRight(p.Env.PublicURL, "/"), Key: key}, Proxy: proxy, Version: version,
		Networks: func() []netip.Prefix { return models.ParseWebhookNetworks(desk.Settings().WebhookNetworks) },
	}))
	return nil
}

// newSSO returns the provider at which agents sign in, nil if there is none.
func newSSO(p *cli.Program) (*sso.Provider, error) {
	if p.Env.OIDCIssuer == "" {
		return nil, nil //nolint:nilnil // without it agents use passwords
	}
	return sso.New(sso.Options{
		Issuer: p.Env.OIDCIssuer, ClientID: p.Env.OIDCClientID, ClientSecret: p.Env.OIDCClientSecret,
		Scopes: strings.Fields(p.Env.OIDCScopes), GroupsClaim: p.Env.OIDCGroupsClaim,
		EmailVerifiedClaim: p.Env.OIDCEmailVerifiedClaim, Log: p.Log,
	})
}

// probes are what `parley config check` tries besides the databases.
func probes(p *cli.Program) []cli.Probe {
	return []cli.Probe{
		{Name: "files", Try: func(ctx context.Context) error {
			store, err := files.Open(filesOptions(p))
			if err != nil {
				return err
			}
			return store.Check(ctx)
		}},
		{Name: "mail server", Try: func(ctx context.Context) error {
			mailer, err := newMailer(p, false, nil)
			if mailer == nil {
				return err
			}
			return mailer.Check(ctx)
		}},
		{Name: "single sign-on", Try: func(ctx context.Context) error {
			provider, err := newSSO(p)
			if provider == nil {
				return err
			}
			return provider.Check(ctx)
		}},
		{Name: "traces", Try: func(ctx context.Context) error {
			if p.Env.TracesAddress() == "" {
				return nil
			}
			return tracing.Check(ctx, tracingOptions(p))
		}},
	}
}
