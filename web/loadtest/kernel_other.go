//go:build !linux

package main

import (
	"syscall"
	"time"
)

func dyingWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }
