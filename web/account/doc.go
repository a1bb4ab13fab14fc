// Package account serves the start page, sign-in and sign-out, an agent's own account with its sessions and its second factor, and the
// preferences of a browser.
//
// Wrong passwords and codes are limited by account and by address, on the sign-in page and in the forms of the account alike. A form that
// is refused with 409, 422 or 429 is drawn again with its errors; programs get the problem.
package account
