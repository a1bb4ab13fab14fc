package faulttest_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// TestUpgrade follows "Upgrade" in docs/operations.md from the previous release to this one while people chat: `migrate up` under load,
// both releases at once, then this one alone. Nothing that a client does fails because of it, no message is lost or doubled, and what is
// sent at an instance of one release is heard at one of the other.
//
// It has a long form only, since it compiles the previous release. TestTheSchemaKeepsThePreviousRelease in migrations is the short one.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	if !long {
		t.Skip("the long form compiles the previous release: make test-faults NAME=TestUpgrade")
	}
	previous := previousRelease(t)
	p := newPlantOn(t, olderDatabase(t, previous), func(p *plant) {
		p.binary = previous
		p.addAgent = p.addAgentByCommand
	})
	p.crowd(12, 5, 2, 200*time.Millisecond)
	p.more(t, 300)

	current, err := program()
	p.must(err)
	migrated := span{from: time.Now()}
	p.command(t, current, "migrate", "up")
	migrated.to = time.Now()
	t.Logf("migrate up took %s", migrated.to.Sub(migrated.from).Round(time.Millisecond))
	p.addAgent = nil
	p.more(t, 200)
	p.mustNotBeRefused(t, span{from: migrated.from})
	p.wholePath(t, "of the previous release", 0)

	p.replace(t, 1, current)
	both := span{from: time.Now()}
	for i := range 4 { // the others have all moved to the instance that was never away
		p.converse(p.visitor(fmt.Sprintf("crossing%d", i), i), 4, 200*time.Millisecond)
		p.serve(p.agent(fmt.Sprintf("crossing-agent%d", i), models.RoleAgent, 2))
	}
	p.wholePath(t, "at the previous release beside the new one", 0)
	p.wholePath(t, "at the new release beside the previous one", 1)
	p.raiseHands(t, 1)
	p.more(t, 300)
	both.to = time.Now()
	p.mustNotBeRefused(t, both)
	p.mustCross(t, both)

	p.replace(t, 0, current)
	p.wholePath(t, "of the new release", 0)
	p.more(t, 100)
	p.settle()
	p.moved = true // the queue of the previous release also has places for what this one does not count
	p.audit()
	p.mustNotFail(t, span{})
	p.mustLogNoErrors(t)
}

// previousRelease returns the binary of the release that testdb.PreviousRelease names. It is compiled from the repository once.
func previousRelease(t *testing.T) string {
	t.Helper()
	git := func(args ...string) ([]byte, error) {
		return exec.CommandContext(t.Context(), "git", append([]string{"-C", "../.."}, args...)...).Output()
	}
	if _, err := git("cat-file", "-e", testdb.PreviousRelease+"^{commit}"); err != nil {
		t.Skipf("this clone does not have %s, the previous release: git fetch --unshallow --tags", testdb.PreviousRelease)
	}
	steps, err := git("ls-tree", "--name-only", testdb.PreviousRelease, "migrations/")
	if err != nil {
		t.Fatal(err)
	}
	if last := lastStep(string(steps)); last != testdb.PreviousStep {
		t.Fatalf("the last migration of %s is %s, PreviousStep is %s", testdb.PreviousRelease, last, testdb.PreviousStep)
	}
	// Kept from run to run beside the databases of the tests.
	kept := filepath.Join(os.TempDir(), fmt.Sprintf("parley-test-%d", os.Getuid()), "release-"+testdb.PreviousRelease, "parley")
	if _, err := os.Stat(kept); err == nil {
		return kept
	}
	source := t.TempDir()
	archive := filepath.Join(source, "source.tar")
	if _, err := git("archive", "-o", archive, testdb.PreviousRelease); err != nil {
		t.Fatalf("git archive: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), "tar", "-xf", archive, "-C", source).CombinedOutput(); err != nil {
		t.Fatalf("unpack the previous release: %v\n%s", err, out)
	}
	// Clients of the test are no browsers, so the style sheet and the scripts may be those of this release.
	if err := os.RemoveAll(filepath.Join(source, "static", "dist")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(source, "static", "dist"), os.DirFS("../../static/dist")); err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(source, "built")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", built, "parley")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the previous release: %v\n%s", err, out)
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	unfinished := kept + "." + strconv.Itoa(os.Getpid())
	if err := os.WriteFile(unfinished, content, fs.FileMode(0o755)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(unfinished, kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

// lastStep returns the name of the last step among the files of migrations.
func lastStep(files string) (last string) {
	for file := range strings.Lines(files) {
		base, isUp := strings.CutSuffix(strings.TrimSpace(file), ".up.sql")
		if name := strings.TrimSuffix(filepath.Base(base), ".tx"); isUp && name > last {
			last = name
		}
	}
	return last
}

// olderDatabase returns a server with a database that an earlier release made and filled with its sample data.
func olderDatabase(t *testing.T, binary string) *testdb.Server {
	t.Helper()
	server := testdb.EmptyPostgresServer(t)
	for _, args := range [][]string{{"migrate", "up"}, {"demo"}} {
		cmd := exec.CommandContext(t.Context(), binary, args...)
		cmd.Env = append(os.Environ(), "DATABASE_URL="+server.URL, "PARLEY_DIR="+t.TempDir(), "USER_TOKEN_SECRET="+tokenSecret)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("parley %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return server
}

// command runs a command with the environment of the first instance and returns what it printed.
func (p *plant) command(t *testing.T, binary string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = p.instances[0].environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("parley %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// addAgentByCommand adds an account with the command line of the first instance's release.
func (p *plant) addAgentByCommand(account models.NewAgent) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), p.instances[0].binary, "agent", "add", "--email", account.Email, "--name", account.Name,
		"--role", string(account.Role), "--max", strconv.Itoa(account.MaxConcurrent), "--password-stdin")
	cmd.Env, cmd.Stdin = p.instances[0].environ, strings.NewReader(account.Password+"\n")
	id, err := cmd.Output()
	p.must(err)
	return strings.TrimSpace(string(id))
}

// more waits until that many more sends are acknowledged.
func (p *plant) more(t *testing.T, sends int) {
	t.Helper()
	before := len(p.ledger.allAcks())
	p.until(2*time.Minute, fmt.Sprintf("%d more sends", sends), func() bool { return len(p.ledger.allAcks()) >= before+sends })
}

// replace stops an instance as an orchestrator does and starts it with another program.
func (p *plant) replace(t *testing.T, number int, binary string) {
	t.Helper()
	i := p.instances[number]
	began := time.Now()
	i.signal(syscall.SIGTERM)
	i.ends(t, 0, began, 15*time.Second)
	i.binary = binary
	i.start()
}

// visitor adds an anonymous user who sends through one instance and listens at the next.
func (p *plant) visitor(name string, number int) *person {
	p.t.Helper()
	c := p.guest(p.t, number)
	return p.newPerson(name, byUser, ofUser, c.id, c.token, number)
}

// wholePath takes a user through an instance: a chat, which may wait in the queue, a message and its answer, the end and a rating.
func (p *plant) wholePath(t *testing.T, what string, number int) {
	t.Helper()
	who := p.visitor("path "+what, number)
	chat, ok := who.open()
	if !ok || !who.say(chat, who.next(), "help") {
		t.Fatalf("%s: no chat", what)
	}
	who.awaitAnswer(chat)
	who.end(chat)
	a, err := who.ask("rate", http.MethodPost, ofUser+"/chats/"+chat+"/rate", map[string]any{"rating": 4, "comment": "it went well"})
	if err != nil || a.status != http.StatusOK {
		t.Errorf("%s: rating: %v %d %s", what, err, a.status, a.body)
	}
	a, err = who.ask("look", http.MethodGet, ofUser+"/chats", nil)
	var chats []struct {
		ID     string `json:"chat_id"`
		Status string
	}
	a.into(&chats)
	if err != nil || len(chats) != 1 || chats[0].ID != chat || chats[0].Status != "ended" {
		t.Errorf("%s: the chat afterwards: %v %d %s", what, err, a.status, a.body)
	}
	if who.at != number {
		t.Errorf("%s: instance %d did not answer everything", what, number)
	}
}

// raiseHands lets agents ask for a supervisor through an instance: the release before it does not know what is announced then.
func (p *plant) raiseHands(t *testing.T, number int) {
	t.Helper()
	raised := 0
	p.until(time.Minute, "hands are raised", func() bool {
		for _, who := range p.people {
			for chat := range who.stream.came() {
				c := caller{plant: p, token: who.token, at: number}
				if who.side != byAgent || raised >= 5 {
					continue
				}
				a, err := c.once(
					p.ctx,
					"hand",
					http.MethodPost,
					ofAgent+"/chats/"+chat+"/raise-hand",
					map[string]any{"note": "please look"},
				)
				if err == nil && a.status == http.StatusOK {
					raised++
				}
			}
		}
		return raised >= 5
	})
}

// expectedRefusals are answers that a client may get at any time: the chat ended meanwhile, or went to another agent.
var expectedRefusals = []string{"chat_ended", "chat_not_found"}

// mustNotBeRefused checks that in a period no instance refused anything that clients do. Clients end, answer and confirm at random.
func (p *plant) mustNotBeRefused(t *testing.T, during span) {
	t.Helper()
	wrong := complaints{}
	calls := p.ledger.during(during, "")
	for _, c := range calls {
		if c.status >= http.StatusBadRequest && c.kind != "hand" && !slices.Contains(expectedRefusals, c.code) {
			wrong.add("%s at instance %d: %d %s", c.kind, c.instance, c.status, c.code)
		}
	}
	wrong.report(t)
	if len(calls) == 0 {
		t.Error("no request was made")
	}
}

// mustCross checks that messages that one instance accepted were heard at the other within 2 s, in a period in which nothing was
// restarted.
func (p *plant) mustCross(t *testing.T, during span) {
	t.Helper()
	const soon = 2 * time.Second
	sent := map[int64]ack{}
	for _, a := range p.ledger.allAcks() {
		if during.holds(a.at) {
			sent[a.id] = a
		}
	}
	var slowest time.Duration
	assigned := p.assignments()
	crossed := make([]int, len(p.instances))
	for _, who := range p.people {
		who.stream.mu.Lock()
		for _, h := range who.stream.messages {
			a, known := sent[h.id]
			if !known || a.instance == h.instance || !during.holds(h.at) {
				continue
			}
			crossed[a.instance]++
			from := assigned.dueAt(a, who.side)
			took := h.at.Sub(from)
			slowest = max(slowest, took)
			if took > soon+p.meter.slack(from, h.at, 3) {
				t.Errorf("message %d, sent at instance %d, was heard at instance %d after %s", h.id, a.instance, h.instance, took)
			}
		}
		who.stream.mu.Unlock()
	}
	t.Logf("%v messages crossed, the slowest took %s", crossed, slowest.Round(time.Millisecond))
	for number, n := range crossed {
		if n < 20 {
			t.Errorf("only %d messages that instance %d accepted were heard at the other", n, number)
		}
	}
}

// mustLogNoErrors checks that no instance, of either release, logged an error.
func (p *plant) mustLogNoErrors(t *testing.T) {
	t.Helper()
	wrong := complaints{}
	for _, i := range p.instances {
		for what := range i.logged("ERROR") {
			wrong.add("instance %d logs: %s", i.number, what)
		}
		t.Logf("warnings of instance %d: %v", i.number, i.warnings())
	}
	wrong.report(t)
}
