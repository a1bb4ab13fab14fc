package workbench

import "parley/web/kit"

// Handlers serves the workbench, where agents answer, and what native clients of agents ask.
type Handlers struct {
	*kit.Kit
}

// New returns the handlers.
func New(k *kit.Kit) *Handlers { return &Handlers{Kit: k} }
