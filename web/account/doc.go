// Package account serves sign-in, an agent's own account with its second factor, and the preferences of a browser.
package account
