// Package push sends notifications to the push services of browsers (RFC 8030), encrypted to the browser (RFC 8291) and signed
// with the keys of the installation (VAPID, RFC 8292).
//
// A browser tells which push service it uses, so the agent who subscribes chooses the address. Only public addresses are
// connected to, decided by the resolved address at the moment of the connection; redirects are not followed, and what the
// service answers is neither returned nor logged.
package push
