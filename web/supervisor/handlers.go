package supervisor

import "parley/web/kit"

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
