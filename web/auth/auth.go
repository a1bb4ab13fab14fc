package auth

import (
	"parley/web/kit"
	"parley/web/limit"
)

// Auth finds the caller of a request.
type Auth struct {
	*kit.Kit
	secret, previousSecret []byte
	callers                *callerCache
	attempts               limit.KeyedMutex
}

// New returns an Auth that accepts user tokens signed with secret or previousSecret; with neither it accepts none.
func New(k *kit.Kit, secret, previousSecret []byte) *Auth {
	a := &Auth{Kit: k, secret: secret, previousSecret: previousSecret, callers: newCallerCache(k.Hub.Healthy)}
	k.Hub.ObserveSessions(a.callers)
	return a
}
