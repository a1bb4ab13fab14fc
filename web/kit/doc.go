// Package kit is what every handler uses: it reads a request, says who the caller is, answers as JSON, as a page or as a fragment of one, and turns
// every error into its one answer. It holds no rules and no actions.
package kit
