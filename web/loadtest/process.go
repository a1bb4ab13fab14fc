package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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
	p.cmd = exec.Command(path, args...)
	if err := b.spawn(p, append(append(ownEnvironment(), "LISTEN_ADDR="+addr), environ...)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for !p.healthy(ctx) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s did not become ready: %w%s", name, ctx.Err(), p.outputTail())
		case <-p.done:
			return nil, fmt.Errorf("%s ended at once%s", name, p.outputTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return p, nil
}

// ownEnvironment is what a program needs of ours, without the settings of any Parley.
func ownEnvironment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
}

// helper starts a process of this program that is told what to do on its input and answers on its output.
func (b *bench) helper(name, path string) (*process, io.Writer, io.Reader, error) {
	p := &process{name: name, log: filepath.Join(b.dir, fmt.Sprintf("%s-%d.log", name, len(b.processes)))}
	p.cmd = exec.Command(path, name)
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	return p, in, out, b.spawn(p, ownEnvironment())
}

// spawn starts the process on a thread that stays, since the kernel tells a child of its parent's death when the parent's thread ends.
func (b *bench) spawn(p *process, environ []string) error {
	output, err := os.Create(p.log)
	if err != nil {
		return err
	}
	defer output.Close()
	p.done, p.cmd.Env, p.cmd.Stderr, p.cmd.SysProcAttr = make(chan struct{}), environ, output, killedWithParent()
	if p.cmd.Stdout == nil {
		p.cmd.Stdout = output
	}
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

// suspend stops the clock of a process, so that what else runs has the machine to itself; thaw lets it go on.
func (p *process) suspend() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *process) resume() error  { return p.cmd.Process.Signal(syscall.SIGCONT) }

// stop asks the process to end and, when it does not in time, ends it.
func (p *process) stop() error {
	_ = p.resume()
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

// outputTail is the end of what the process wrote, without its line for each request.
func (p *process) outputTail() string {
	text, _ := os.ReadFile(p.log)
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"),
		func(line string) bool { return strings.Contains(line, "msg=request ") })
	return "\n" + strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// reportLogs tells what the processes of a scene that failed have said.
func (b *bench) reportLogs() {
	for _, p := range b.processes {
		b.log("  %s:%s", p.name, p.outputTail())
	}
}
