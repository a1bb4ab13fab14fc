package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const (
	startTime = 30 * time.Second
	stopTime  = 20 * time.Second // longer than the program's SHUTDOWN_TIMEOUT and its grace
)

// process is a child of ours that serves HTTP on an address of its own.
type process struct {
	name string
	addr string
	cmd  *exec.Cmd

	profiles string // where its profiles are, of the program only
	log      string
	done     chan struct{}
}

// firstPort and lastPort are below the range from which the kernel takes the ports of clients.
const firstPort, lastPort = 27100, 27199

func (b *bench) freeAddr() (string, error) {
	for range lastPort - firstPort + 1 {
		b.port = (b.port + 1) % (lastPort - firstPort + 1)
		addr := fmt.Sprintf("127.0.0.1:%d", firstPort+b.port)
		if l, err := net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", fmt.Errorf("no port from %d to %d is free", firstPort, lastPort)
}

// launch starts a program that reads its address from LISTEN_ADDR, and returns when it is healthy.
func (b *bench) launch(ctx context.Context, name, path string, args []string, environ ...string) (*process, error) {
	addr, err := b.freeAddr()
	if err != nil {
		return nil, err
	}
	p := &process{name: name, addr: addr, log: filepath.Join(b.dir, fmt.Sprintf("%s-%d.log", name, firstPort+b.port))}
	environ = append(append(ownEnvironment(), "LISTEN_ADDR="+addr), environ...)
	if err := b.spawn(p, path, args, environ); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for !p.healthy(ctx) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s did not become ready: %w%s", name, ctx.Err(), p.said())
		case <-p.done:
			return nil, fmt.Errorf("%s ended at once%s", name, p.said())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return p, nil
}

// ownEnvironment is what a program needs of ours, without the settings of any Parley.
func ownEnvironment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
}

// spawn starts the process on a thread that stays, since the kernel tells a child of its parent's death when the parent's thread ends.
func (b *bench) spawn(p *process, path string, args, environ []string) error {
	output, err := os.Create(p.log)
	if err != nil {
		return err
	}
	defer output.Close()
	p.cmd, p.done = exec.Command(path, args...), make(chan struct{})
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = environ, output, output
	p.cmd.SysProcAttr = dyingWithUs()
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	b.processes = append(b.processes, p)
	return nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) healthy(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/healthz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// freeze stops the clock of a process, so that what else runs has the machine to itself; thaw lets it go on.
func (p *process) freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *process) thaw() error   { return p.cmd.Process.Signal(syscall.SIGCONT) }

// stop asks the process to end and, when it does not in time, ends it.
func (p *process) stop() error {
	_ = p.thaw()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopTime):
	}
	err := p.cmd.Process.Kill()
	<-p.done
	return errors.Join(fmt.Errorf("%s did not stop in %s", p.name, stopTime), err)
}

// said is the end of what the process wrote.
func (p *process) said() string {
	text, _ := os.ReadFile(p.log)
	return "\n" + string(text[max(0, len(text)-2000):])
}
