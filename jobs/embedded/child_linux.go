package embedded

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// dieWithParent puts the child into a process group of its own, so that Ctrl-C reaches this process first, and binds it to us.
func dieWithParent(cmd *exec.Cmd, dying syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = dying
}

// unprivileged returns how to start PostgreSQL, which refuses to run as root, and the user who must own its files.
//
// For root that is a user namespace in which root is called nobody: PostgreSQL sees an ordinary user while the files stay ours,
// also below a home that only root may enter. Where namespaces are not allowed it really becomes nobody.
func unprivileged(ctx context.Context, probe string) (attr func() *syscall.SysProcAttr, owner int) {
	if os.Geteuid() != 0 {
		return func() *syscall.SysProcAttr { return nil }, os.Geteuid()
	}
	mapped := []syscall.SysProcIDMap{{ContainerID: nobody, HostID: 0, Size: 1}}
	namespace := func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: mapped, GidMappings: mapped}
	}
	cmd := exec.CommandContext(ctx, probe, "--version")
	cmd.SysProcAttr = namespace()
	if cmd.Run() == nil {
		return namespace, 0
	}
	return dropped, nobody
}
