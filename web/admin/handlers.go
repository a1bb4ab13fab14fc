package admin

import (
	"sync/atomic"

	"parley/web/kit"
)

// Handlers has the handlers of administration.
type Handlers struct {
	*kit.Kit

	exports atomic.Int32 // that are being sent
}

// New returns the handlers.
func New(k *kit.Kit) *Handlers { return &Handlers{Kit: k} }
