//go:build !linux

package main

import (
	"syscall"
	"time"
)

// killedWithParent returns attributes that put a child into its own process group, so that Ctrl-C does not reach it directly.
func killedWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// sleepUntil sleeps until t.
func sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }
