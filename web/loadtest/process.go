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

// process is a child process. A server listens for HTTP on addr.
type process struct {
	name string
	addr string
	cmd  *exec.Cmd

	profiles string // the address of its pprof endpoints; only for the program
	log      string
	done     chan struct{}
}

// firstPort and lastPort bound the ports of servers. They are below the kernel's range of ephemeral ports.
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

// launch starts a server that reads its address from LISTEN_ADDR and returns when /healthz responds with 200.
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
			return nil, fmt.Errorf("%s ended during startup%s", name, p.outputTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return p, nil
}

// ownEnvironment returns the basic environment variables for a child, without any setting of Parley.
func ownEnvironment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
}

// helper starts a helper of this program that reads commands from its standard input and writes results to its standard output.
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

// spawn starts the process on a locked OS thread that lives until the process ends, because the kernel delivers the parent death signal
// when the thread that started the child ends.
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

// suspend pauses the process with SIGSTOP, so that it uses no CPU.
func (p *process) suspend() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// resume continues a suspended process.
func (p *process) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// stop sends SIGTERM and waits for the process to end. After stopTime it kills the process and returns an error.
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

// outputTail returns the last 20 lines of the process's log, without the request log.
func (p *process) outputTail() string {
	text, _ := os.ReadFile(p.log)
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"),
		func(line string) bool { return strings.Contains(line, "msg=request ") })
	return "\n" + strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// reportLogs prints the end of the logs of all processes of a failed scenario.
func (b *bench) reportLogs() {
	for _, p := range b.processes {
		b.log("  %s:%s", p.name, p.outputTail())
	}
}
