package embedded

import (
	"context"
	"os"
	"os/exec"
	"strconv"
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

// unprivileged returns how to start PostgreSQL, which refuses to run as root, and the user who must own its files. probe is a program
// to try it with.
//
// For root it uses a user namespace that maps root to the user nobody: PostgreSQL sees an ordinary user while root
// still owns the files, even below a home directory that only root may enter. If namespaces are not allowed, as in most
// containers, PostgreSQL runs as nobody, with the capability to enter that directory if root may grant it.
func unprivileged(ctx context.Context, probe string) (disguise func(*exec.Cmd), owner int) {
	if os.Geteuid() != 0 {
		return asWeAre, os.Geteuid()
	}
	works := func(disguise func(*exec.Cmd)) bool {
		cmd := exec.CommandContext(ctx, probe, "--version")
		cmd.Dir = "/"
		disguise(cmd)
		return cmd.Run() == nil
	}
	switch {
	case works(asNobodyInNamespace):
		return asNobodyInNamespace, os.Geteuid()
	case works(asPassingNobody):
		return asPassingNobody, nobody
	}
	return asNobody, nobody
}

func asNobodyInNamespace(cmd *exec.Cmd) {
	mapped := []syscall.SysProcIDMap{{ContainerID: nobody, HostID: 0, Size: 1}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: mapped, GidMappings: mapped}
}

// asPassingNobody uses Debian's setpriv, which keeps a capability across the change of user and makes access checks
// respect it. The change of user also clears the parent death signal, hence the last option.
func asPassingNobody(cmd *exec.Cmd) {
	id := strconv.Itoa(nobody)
	as := []string{
		"setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override",
		"--securebits", "+no_setuid_fixup", "--pdeathsig", "INT", "--", cmd.Path,
	}
	cmd.Args = append(as, cmd.Args[1:]...)
	if cmd.Path, cmd.Err = exec.LookPath(as[0]); cmd.Err != nil {
		cmd.Path = as[0]
	}
}
