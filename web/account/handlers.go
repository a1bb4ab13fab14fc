package account

import (
	"parley/web/auth"
	"parley/web/kit"
)

// Handlers has the handlers of sign-in and of an agent's own account.
type Handlers struct {
	*kit.Kit
	*auth.Auth
}

// New returns the handlers.
func New(k *kit.Kit, a *auth.Auth) *Handlers { return &Handlers{Kit: k, Auth: a} }
