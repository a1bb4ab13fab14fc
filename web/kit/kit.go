package kit

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"parley/models"
	"parley/web/limit"
	"parley/web/live"
)

// Kit is what every handler uses: the desk, the live hub, the limits, and the ways to read a request and to answer it.
type Kit struct {
	Desk   *models.Desk
	Hub    *live.Hub
	Log    *slog.Logger
	Limits *limit.Limiter
	Poller *live.Poller
	// PublicURL is where people reach Parley, nil where each request tells.
	PublicURL *url.URL
	// Origins tells requests of other sites apart.
	Origins *http.CrossOriginProtection
	// FileKey signs the addresses of files.
	FileKey []byte

	// Streams counts the streams that the HTTP server does not know of, since they took over their connections.
	Streams sync.WaitGroup
	// StreamContext ends those streams when it ends.
	StreamContext context.Context //nolint:containedctx // a stream outlives its request
}
