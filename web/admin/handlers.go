package admin

import "parley/web/kit"

// Handlers has the handlers of administration.
type Handlers struct {
	*kit.Kit
}

// New returns the handlers.
func New(k *kit.Kit) *Handlers { return &Handlers{Kit: k} }
