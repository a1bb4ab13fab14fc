package faulttest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// instance is one process of the program, on a port that it keeps.
type instance struct {
	t       *testing.T
	number  int
	binary  string
	environ []string
	confine func(*exec.Cmd) // changes how the process is started; nil for nothing
	addr    string
	url     string
	output  *output

	mu  sync.Mutex
	cmd *exec.Cmd
	end chan struct{} // closed when the process is gone
}

// firstPort and lastPort are below the range from which the kernel takes the ports of clients, otherwise one of them could take the port
// of an instance that is being restarted.
const firstPort, lastPort = 27000, 27099

var ports struct {
	sync.Mutex
	next int
}

func freePort(t *testing.T) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range lastPort - firstPort + 1 {
		port := firstPort + ports.next%(lastPort-firstPort+1)
		ports.next++
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatalf("no port from %d to %d is free", firstPort, lastPort)
	return 0
}

func newInstance(t *testing.T, binary string, number int, environ []string) *instance {
	t.Helper()
	i := &instance{t: t, number: number, binary: binary, addr: fmt.Sprintf("127.0.0.1:%d", freePort(t)), output: &output{}}
	i.url = "http://" + i.addr
	i.environ = append(append(os.Environ(), "LISTEN_ADDR="+i.addr), environ...)
	t.Cleanup(func() {
		i.kill()
		if t.Failed() {
			t.Logf("instance %d said:\n%s", number, i.output.remarks())
		}
	})
	return i
}

// launch starts the process.
func (i *instance) launch() {
	i.t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	cmd := exec.Command(i.binary, "serve")
	cmd.Env, cmd.Stdout, cmd.Stderr = i.environ, i.output, i.output
	if i.confine != nil {
		i.confine(cmd)
	}
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	end := make(chan struct{})
	go func() { _ = cmd.Wait(); close(end) }()
	i.cmd, i.end = cmd, end
}

// start launches the process and returns when it is ready.
func (i *instance) start() {
	i.t.Helper()
	i.launch()
	if !eventually(i.t.Context(), 30*time.Second, func() bool { return i.gone() || i.ready() == http.StatusOK }) || i.gone() {
		i.t.Fatalf("instance %d did not become ready", i.number)
	}
}

// ready returns the status of /readyz, 0 without a response.
func (i *instance) ready() int {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, i.url+"/readyz", nil)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	return res.StatusCode
}

func (i *instance) signal(s syscall.Signal) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cmd != nil {
		if err := i.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
			i.t.Error(err)
		}
	}
}

// gone reports whether there is no process.
func (i *instance) gone() bool {
	select {
	case <-i.ended():
		return true
	default:
		return false
	}
}

func (i *instance) ended() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.end == nil {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return i.end
}

// wait returns the exit code and how long the process took to end, or fails the test when it does not.
func (i *instance) wait(within time.Duration) (code int, took time.Duration) {
	i.t.Helper()
	began := time.Now()
	select {
	case <-i.ended():
		return i.cmd.ProcessState.ExitCode(), time.Since(began)
	case <-time.After(within):
		i.signal(syscall.SIGABRT) // it prints its stacks
		<-i.ended()
		i.t.Fatalf("instance %d still runs after %s", i.number, within)
		return 0, 0
	}
}

// kill ends the process immediately, at any instruction.
func (i *instance) kill() {
	i.signal(syscall.SIGKILL)
	<-i.ended()
}

// output is what all processes of one instance wrote.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// logged returns the lines of a level that are not about a single request, without their details, and how often each was written.
func (i *instance) logged(level string) map[string]int {
	lines := map[string]int{}
	for line := range strings.Lines(i.output.String()) {
		var entry struct{ Level, Msg, Task string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == level && !strings.HasPrefix(entry.Msg, "request") {
			lines[strings.TrimSpace(entry.Msg+" "+entry.Task)]++
		}
	}
	return lines
}

// warnings returns what was logged as a warning.
func (i *instance) warnings() map[string]int { return i.logged("WARN") }

// remarks returns the last lines of the log that are not about a single request.
func (o *output) remarks() string {
	lines := slices.DeleteFunc(strings.Split(o.String(), "\n"), func(line string) bool {
		return strings.Contains(line, `"msg":"request"`) || strings.Contains(line, `"msg":"request failed"`)
	})
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}
