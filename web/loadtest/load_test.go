package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMain runs a helper if the arguments name one: the benchmark starts its helpers from its own executable, which is the test binary
// here.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && helpers[os.Args[1]] != nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// TestMessagesAreMeasured runs the message scenarios as the -quick option does. It does not check how fast they are.
func TestMessagesAreMeasured(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	table := filepath.Join(dir, "table.json")
	args := []string{"-quick", "-v", "-only", "messages,mail,delivery,instances,widget", "-json", table}
	if binary := os.Getenv("PARLEY_BINARY"); binary != "" {
		args = append(args, "-binary", binary)
	}
	var out, stderr bytes.Buffer
	code := run(t.Context(), args, &out, &stderr)
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatalf("exit %d without a table: %v\n%s", code, err, stderr.String())
	}
	var kept struct{ Rows []Row }
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	missed, rows := false, map[string]Row{}
	for _, r := range kept.Rows {
		rows[r.Name] = r
		missed = missed || !r.OK
		if r.Measured.Rounds == 0 {
			t.Errorf("%s was not measured: %s", r.Name, r.Note)
		}
	}
	if code != map[bool]int{false: 0, true: 1}[missed] {
		t.Errorf("exit %d, missed bound: %v", code, missed)
	}
	for _, name := range []string{
		"messages a second, 4 users", "CPU per message, 4 users", "WAL per message", "delivery agent → user, p99",
		"messages a second, 4 users, against shared commits", "messages a second between two instances, agent → user",
	} {
		if r := rows[name]; r.Measured.Median <= 0 || r.Yardstick == nil || r.Yardstick.Median <= 0 || r.Ratio == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for _, name := range []string{"statements per message, user → agent", "statements per message, agent → user"} {
		if n := rows[name].Measured.Median; n < 1 || n > 2 {
			t.Errorf("%s: %v", name, n)
		}
	}
	for _, name := range []string{"statements that e-mail adds to a send, live chat", "statements that e-mail adds to a send, message"} {
		if r := rows[name]; r.Measured.Rounds == 0 || r.Measured.Median > 1 {
			t.Errorf("%s: %v (%s)", name, r.Measured.Median, r.Note)
		}
	}
	for _, name := range []string{
		"lost, doubled or reordered, as fast as they go", "lost, doubled or reordered, at a fixed pace",
		"lost, doubled or reordered, between two instances", "a limit of 5 at two instances, granted",
	} {
		if r := rows[name]; !r.OK {
			t.Errorf("%s: %v (%s)", name, r.Measured.Median, r.Note)
		}
	}
	if t.Failed() {
		t.Log(stderr.String())
	}
	checkNothingLeft(t, dir)
}

// interrupter is a log writer that cancels the run once the log contains a text.
type interrupter struct {
	after string
	end   context.CancelFunc
}

func (i interrupter) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(i.after)) {
		i.end()
	}
	return len(b), nil
}

func TestAnInterruptLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	args := []string{"-quick", "-only", "delivery,widget"}
	if binary := os.Getenv("PARLEY_BINARY"); binary != "" {
		args = append(args, "-binary", binary)
	}
	var out bytes.Buffer
	if code := run(ctx, args, &out, interrupter{"delivery user", cancel}); code != 1 {
		t.Errorf("exit %d", code)
	}
	if ctx.Err() == nil || bytes.Contains(out.Bytes(), []byte("widget before it is opened")) {
		t.Errorf("the run continued:\n%s", out.String())
	}
	checkNothingLeft(t, dir)
}

// checkNothingLeft fails if a process or a file of a run remains.
func checkNothingLeft(t *testing.T, dir string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(dir, "parley-bench-*")); len(left) > 0 {
		t.Errorf("the run left %v", left)
	}
	all, err := readProcesses()
	if err != nil {
		t.Fatal(err)
	}
	for pid, p := range all {
		if p.parent == os.Getpid() {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			t.Errorf("process %d is still running: %s", pid, bytes.ReplaceAll(name, []byte{0}, []byte{' '}))
		}
	}
}

func TestAWrongCallIsRefused(t *testing.T) {
	for _, args := range [][]string{{"-only", "nothing"}, {"-rounds", "many"}, {"more"}, {"-unknown"}} {
		var out, stderr bytes.Buffer
		if code := run(t.Context(), args, &out, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%v: exit %d, stderr %q", args, code, stderr.String())
		}
	}
}
