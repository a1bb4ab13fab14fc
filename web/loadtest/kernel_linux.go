package main

import (
	"syscall"
	"time"
)

// killedWithParent returns attributes that put a child into its own process group, so that Ctrl-C does not reach it directly, and that
// kill it when this process dies.
func killedWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// sleepUntil sleeps until t. It is accurate to a few hundredths of a millisecond, while time.Sleep can be late by a millisecond; it blocks
// an OS thread meanwhile.
func sleepUntil(t time.Time) {
	for {
		left := time.Until(t)
		if left <= 0 {
			return
		}
		span := syscall.NsecToTimespec(int64(left))
		_ = syscall.Nanosleep(&span, nil) // returns early on a signal
	}
}
