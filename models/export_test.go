package models

// WaitForDrains returns when no drain runs in the background.
func (d *Desk) WaitForDrains() { d.drains.Wait() }

// AlertsLock is the advisory lock of the one evaluation of alert rules.
const AlertsLock = alertsLock
