// Package sso signs agents in at an OpenID Connect provider: discovery, the authorization code flow with PKCE, nonce and state, logout at
// the provider, and logout tokens that it sends (back-channel logout).
//
// It speaks the protocol and knows no HTTP handlers. Who may sign in as which agent is decided in models.
package sso
