package supervisor

import "parley/web/kit"

// Handlers serves the pages of supervisors and what programs ask of queue and load.
type Handlers struct {
	*kit.Kit
	day dayCache
}

// New returns the handlers.
func New(k *kit.Kit) *Handlers { return &Handlers{Kit: k} }
