package admin

import (
	"sync/atomic"

	"parley/web/kit"
	"parley/web/sso"
)

// Handlers has the handlers of administration.
type Handlers struct {
	*kit.Kit

	SSO *sso.Provider // nil without single sign-on

	exports atomic.Int32 // that are being sent
}

// New returns the handlers.
func New(k *kit.Kit) *Handlers { return &Handlers{Kit: k} }
