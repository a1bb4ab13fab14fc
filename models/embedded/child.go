package embedded

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// child is one running server process.
type child struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
	err  error         // how; read after done
}

// spawn starts cmd so that the kernel sends it dying when this process ends. That signal is bound to the thread that
// started the child, not to the process, so one thread is locked and kept until the child has ended.
func spawn(cmd *exec.Cmd, dying syscall.Signal) (*child, error) {
	dieWithParent(cmd, dying)
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// stop sends sig and kills the process if it has not ended within the time.
func (c *child) stop(sig os.Signal, within time.Duration) error {
	if err := c.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-c.done:
		return nil
	case <-timer.C:
	}
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-c.done
	return nil
}
