package models

import (
	"fmt"

	"github.com/alexedwards/argon2id"
)

// passwordParamsOfServers are what servers use. Tests add agents by the hundred, and with the race detector a hash takes 200 ms.
var passwordParamsOfServers = passwordParams

var passwordParamsOfTests = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

func init() { passwordParams = passwordParamsOfTests }

// HashLikeServers makes hashes as expensive as on servers until the returned function is called. Tests that use it are not parallel.
func HashLikeServers() (restore func()) {
	passwordParams = passwordParamsOfServers
	return func() { passwordParams = passwordParamsOfTests }
}

// WaitForDrains returns when no drain runs in the background.
func (d *Desk) WaitForDrains() { d.drains.Wait() }

// AlertsLock is the advisory lock of the one evaluation of alert rules.
const AlertsLock = alertsLock

// BatchSQL returns the statements that store several messages at once.
func BatchSQL() []string {
	return []string{plainStatements.batch, mailStatements.batch}
}

// ConfirmSQL returns the statements that confirm messages.
func ConfirmSQL() []string {
	return []string{confirmAsUser, confirmAsAgent}
}

// FrontOfQueues returns the queries for the live chat and the message that are served next.
func FrontOfQueues() (live, message string) {
	const front = `SELECT id FROM chats WHERE %s ORDER BY ` + servingOrder + ` LIMIT 1`
	return fmt.Sprintf(front, isLive), fmt.Sprintf(front, isWaitingMessage)
}

// FirstAnalysis is after how many messages a process looks for tables that have grown.
const FirstAnalysis = firstAnalysis

// WaitForAnalysis returns when no such look is running.
func (d *Desk) WaitForAnalysis() { d.statistics.running.Wait() }

// CursorOfSystem returns the cursor of an export as if it were from another PostgreSQL.
func CursorOfSystem(cursor, system string) string {
	c, err := parseExportCursor(cursor)
	if err != nil {
		panic(err)
	}
	c.System = system
	return c.String()
}
