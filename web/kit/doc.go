// Package kit is what every handler uses. It binds requests ([Bind], [QueryInt], [PathID]), returns the caller that package auth has found
// ([CallerOf]), responds as JSON, page or fragment ([Kit.Respond]), runs streams and polls ([Kit.Stream]), counts rate limits, and turns an
// error into the one response for it ([Kit.HandleError]).
//
// A handler returns an error and never writes one: a *models.Error has its status by its kind, and what only HTTP can refuse is an
// *HTTPError. The package has no rules of chats and no actions, and imports no package of an audience.
package kit
