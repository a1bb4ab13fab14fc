package kit

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"parley/models"
	"parley/models/redisclient"
	"parley/web/assistant"
	"parley/web/limit"
	"parley/web/live"
)

// Kit is what every handler uses: the desk, the live hub, the rate limits, and the methods to read a request and to respond. The fields are
// set before the first request and do not change.
type Kit struct {
	Desk   *models.Desk
	Hub    *live.Hub
	Log    *slog.Logger
	Limits *limit.Limiter
	Poller *live.Poller
	// Redis knows why Redis cannot be used; nil without Redis.
	Redis *redisclient.Health
	// PublicURL is the setting PUBLIC_URL, nil if the address is taken from each request.
	PublicURL *url.URL
	// Assistant helps agents to write; nil where none is configured.
	Assistant *assistant.Assistant
	// Version is that of the program.
	Version string
	// Origins recognizes requests that other sites make a browser send.
	Origins *http.CrossOriginProtection
	// Texts are those that the company has written.
	Texts Texts
	// FileKey signs links to files.
	FileKey []byte

	// Streams counts the streams that took over their connections, so that the HTTP server does not wait for them at shutdown.
	Streams sync.WaitGroup
	// StreamContext closes these streams when it is cancelled.
	StreamContext context.Context //nolint:containedctx // a stream outlives its request
}
