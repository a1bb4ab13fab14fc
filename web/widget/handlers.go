package widget

import (
	"parley/web/auth"
	"parley/web/kit"
)

// Handlers has the handlers of the widget.
type Handlers struct {
	*kit.Kit
	*auth.Auth
	answerTime answerTime
	offers     offers
}

// New returns the handlers of the widget.
func New(k *kit.Kit, a *auth.Auth) *Handlers { return &Handlers{Kit: k, Auth: a} }
