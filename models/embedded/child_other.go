//go:build !linux

package embedded

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// dieWithParent can only set the process group here: after a kill -9 the servers stay, and the next start uses or waits for them.
func dieWithParent(cmd *exec.Cmd, _ syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
}

// unprivileged returns how to start PostgreSQL, which refuses to run as root, and the user who must own its files.
func unprivileged(context.Context, string) (disguise func(*exec.Cmd), owner int) {
	if os.Geteuid() != 0 {
		return asWeAre, os.Geteuid()
	}
	return asNobody, nobody
}
