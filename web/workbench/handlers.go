package workbench

import "parley/web/kit"

// Handlers has the handlers of the workbench and of native clients for agents.
type Handlers struct {
	*kit.Kit
}

// New returns the handlers.
func New(k *kit.Kit) *Handlers { return &Handlers{Kit: k} }
