// Package admin serves administration: agents, departments, settings, sites, the data of users, the audit log and the health of the installation.
package admin
