// Package admin serves administration: agents, departments, settings, sites, the data of users, the audit log and the health of the
// installation, as pages and as JSON. Every route requires the role admin, and the desk records every change in the audit log.
//
// A form that is refused with 409 or 422 is drawn again with what was typed and the errors of its fields; programs get the problem.
package admin
