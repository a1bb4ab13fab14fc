package supervisor

import (
	"sync/atomic"

	"parley/web/kit"
)

// Handlers has the handlers of supervisors.
type Handlers struct {
	*kit.Kit
	day       dayCache
	forecasts forecastCache
	reads     atomic.Int64
	flags     flagCache
}

// New returns the handlers.
func New(k *kit.Kit) *Handlers { return &Handlers{Kit: k} }

// BoardReads returns how often a board was read, for a page or for the streams of one filter, since the server started.
func (h *Handlers) BoardReads() int64 { return h.reads.Load() }
