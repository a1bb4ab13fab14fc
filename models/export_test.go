package models

// WaitForDrains returns when no drain runs in the background.
func (d *Desk) WaitForDrains() { d.drains.Wait() }

// AlertsLock is the advisory lock of the one evaluation of alert rules.
const AlertsLock = alertsLock

// CursorOfSystem returns the cursor of an export as if it were from another PostgreSQL.
func CursorOfSystem(cursor, system string) string {
	c, err := parseExportCursor(cursor)
	if err != nil {
		panic(err)
	}
	c.System = system
	return c.String()
}
