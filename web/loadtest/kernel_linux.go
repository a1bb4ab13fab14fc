package main

import (
	"syscall"
	"time"
)

// killedWithParent keeps Ctrl-C from a child, which is stopped in its turn, and ends it when this process is killed.
func killedWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// sleepUntil is exact to some hundredths of a millisecond, where time.Sleep may be late by a whole one. It holds a thread.
func sleepUntil(t time.Time) {
	for {
		left := time.Until(t)
		if left <= 0 {
			return
		}
		span := syscall.NsecToTimespec(int64(left))
		_ = syscall.Nanosleep(&span, nil) // a signal wakes it early
	}
}
