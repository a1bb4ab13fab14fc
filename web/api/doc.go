// Package api turns what the desk returns into the bodies and events of the JSON interface. Names and types are those of the OpenAPI document:
// fields are added, never renamed or retyped. It knows nothing of HTTP.
package api
