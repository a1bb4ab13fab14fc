package account

import (
	"parley/web/auth"
	"parley/web/kit"
	"parley/web/sso"
)

// Handlers has the handlers of sign-in and of an agent's own account.
type Handlers struct {
	*kit.Kit
	*auth.Auth

	SSO     *sso.Provider // nil without single sign-on
	SSOName string        // of the provider on the sign-in page, "" for none
}

// New returns the handlers.
func New(k *kit.Kit, a *auth.Auth) *Handlers { return &Handlers{Kit: k, Auth: a} }
