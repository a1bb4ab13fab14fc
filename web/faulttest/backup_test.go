package faulttest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/models/testdb"
)

// TestBackupAndRestore follows "Backup and restore" of docs/operations.md under load: it backs up the files, the database and the files
// again while users and agents send messages and files, then restores into another database, another folder and an empty Redis. The long
// form also recovers to a point in time.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	var archived *testdb.Archived
	var server *testdb.Server
	if long {
		archived = testdb.PostgresArchived(t)
		server = archived.Server
	} else {
		server = testdb.PostgresServer(t)
	}
	folder, backup := t.TempDir(), t.TempDir()
	p := newPlantOn(t, server, func(p *plant) {
		p.environ = append(p.environ, "FILES_DIR="+folder, "RATE_FILE=100000")
	})
	p.crowd(form(4, 20), form(2, 8), 2, form(100*time.Millisecond, 200*time.Millisecond))
	sent := p.sendFiles(form(2, 6))
	p.until(20*time.Second, "users send messages and files", func() bool { return len(p.ledger.allAcks()) > 10 && len(sent.all()) > 5 })
	if long {
		p.runs(
			postgresProgram(t, p, "pg_basebackup"),
			"-d",
			server.URL,
			"-D",
			filepath.Join(archived.Dir, "basebackup"),
			"--checkpoint=fast",
		)
		pause(t.Context(), 10*time.Second)
	}

	dump, copied := filepath.Join(backup, "parley.dump"), filepath.Join(backup, "files")
	p.parley(p.instances[0].environ, "files", "copy", "--to", copied)
	acks, files := p.ledger.allAcks(), sent.all()
	p.runs(postgresProgram(t, p, "pg_dump"), "--format=custom", "--file="+dump, server.URL)
	p.parley(p.instances[0].environ, "files", "copy", "--to", copied)

	var inTime restoredTo
	if long {
		pause(t.Context(), 5*time.Second)
		inTime = p.markRestorePoint(sent)
		p.parley(p.instances[0].environ, "files", "copy", "--to", copied)
		more := len(p.ledger.allAcks())
		p.until(20*time.Second, "more messages are sent", func() bool { return len(p.ledger.allAcks()) > more+20 })
		p.awaitArchive()
	}
	p.settle()
	sent.done.Wait()

	p.house("CREATE DATABASE restored TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
	restored := otherDatabase(t, server.URL, "restored")
	p.runs(postgresProgram(t, p, "pg_restore"), "--no-owner", "--exit-on-error", "--dbname="+restored, dump)
	p.isRestored(restoredTo{restored, copied, acks, files})
	if long {
		inTime.url = archived.Recover(t, restorePoint).URL
		inTime.folder = copied
		p.isRestored(inTime)
	}
}

// restoredTo is where a backup was restored, and what must be there.
type restoredTo struct {
	url, folder string
	acks        []ack
	files       []sentFile
}

// isRestored serves the restored data at another public address and checks them, also with `parley check`.
func (p *plant) isRestored(r restoredTo) {
	p.t.Helper()
	environ := append(slices.Clone(p.environ), "DATABASE_URL="+r.url, "REDIS_URL="+testdb.RedisServer(p.t).URL, "FILES_DIR="+r.folder,
		"PARLEY_DIR="+p.t.TempDir(), "USER_TOKEN_SECRET="+tokenSecret, "PUBLIC_URL=https://restored.example", "LOG_FORMAT=json")
	i := newInstance(p.t, p.instances[0].binary, 9, environ)
	i.start()
	// The backup has chats that were about to be assigned; the instance does that first.
	var out string
	clean := eventually(p.t.Context(), 20*time.Second, func() (clean bool) {
		out, clean = p.tryParley(i.environ, "check")
		return clean
	})
	if !clean {
		p.t.Errorf("parley check does not become clean:\n%s", out)
	}

	conn, err := pgx.Connect(p.t.Context(), r.url)
	p.must(err)
	defer conn.Close(context.Background())
	missing := complaints{}
	for _, a := range r.acks {
		var stored bool
		p.must(
			conn.QueryRow(p.t.Context(), `SELECT EXISTS (SELECT FROM messages WHERE chat_id = $1 AND id = $2 AND client_message_id = $3)`,
				a.chat, a.id, a.key).Scan(&stored),
		)
		if !stored {
			missing.add("an acknowledged message is missing")
		}
	}
	missing.report(p.t)

	for _, f := range r.files {
		if got := f.download(p, i); got != f.content {
			p.t.Errorf("message %d of chat %s has the file %.40q, want %.40q", f.message, f.chat, got, f.content)
		}
	}
	i.kill()
	p.t.Logf("%d messages and %d files are there", len(r.acks), len(r.files))
}

const restorePoint = "before_the_mistake"

// markRestorePoint names this moment, and returns what was acknowledged before.
func (p *plant) markRestorePoint(sent *sentFiles) restoredTo {
	p.t.Helper()
	r := restoredTo{acks: p.ledger.allAcks(), files: sent.all()}
	p.house("SELECT pg_create_restore_point('" + restorePoint + "')")
	return r
}

// awaitArchive waits until everything that was written is archived.
func (p *plant) awaitArchive() {
	p.t.Helper()
	conn, err := p.connect(p.t.Context())
	p.must(err)
	defer conn.Close(context.Background())
	var segment string
	p.must(conn.QueryRow(p.t.Context(), `SELECT pg_walfile_name(pg_switch_wal())`).Scan(&segment))
	p.until(30*time.Second, "the log is archived", func() (done bool) {
		p.must(conn.QueryRow(p.t.Context(), `SELECT coalesce(last_archived_wal >= $1, false) FROM pg_stat_archiver`, segment).Scan(&done))
		return done
	})
}

// postgresProgram returns the path of a program that belongs to the server.
func postgresProgram(t *testing.T, p *plant, name string) string {
	t.Helper()
	conn, err := p.connect(t.Context())
	p.must(err)
	defer conn.Close(context.Background())
	var dir string
	p.must(conn.QueryRow(t.Context(), `SELECT setting FROM pg_config() WHERE name = 'BINDIR'`).Scan(&dir))
	for _, path := range []string{filepath.Join(os.Getenv("PG_BIN"), name), filepath.Join(dir, name)} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatalf(`no %s beside the server in %s: set PG_BIN="$(.ci/postgres)"`, name, dir)
	return ""
}

func (p *plant) runs(program string, args ...string) {
	p.t.Helper()
	if out, err := exec.CommandContext(p.t.Context(), program, args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", filepath.Base(program), err, out)
	}
}

// parley runs a command of the program.
func (p *plant) parley(environ []string, args ...string) {
	p.t.Helper()
	if out, ok := p.tryParley(environ, args...); !ok {
		p.t.Errorf("parley %s failed:\n%s", strings.Join(args, " "), out)
	}
}

// tryParley runs a command of the program and returns what it printed, and whether it succeeded.
func (p *plant) tryParley(environ []string, args ...string) (out string, ok bool) {
	cmd := exec.CommandContext(p.t.Context(), p.instances[0].binary, args...)
	cmd.Env = environ
	printed, err := cmd.CombinedOutput()
	return string(printed), err == nil
}

func otherDatabase(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// sentFile is a file whose message was acknowledged.
type sentFile struct {
	by      *caller
	chat    string
	message int64
	content string
}

type sentFiles struct {
	mu    sync.Mutex
	files []sentFile
	done  sync.WaitGroup
}

func (s *sentFiles) all() []sentFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.files)
}

// sendFiles lets users send files until the load ends.
func (p *plant) sendFiles(users int) *sentFiles {
	p.t.Helper()
	sent := &sentFiles{}
	for range users {
		who := p.guest(p.t, 0)
		a, err := who.ask("assign", http.MethodPost, ofUser+"/assign", nil)
		chat := chatOf(a)
		if err != nil || chat == "" {
			p.t.Fatalf("a user is not helped: %v %d %s", err, a.status, a.body)
		}
		sent.done.Go(func() {
			for pause(p.load, form(50*time.Millisecond, 200*time.Millisecond)) {
				f := sentFile{by: who, chat: chat, content: strings.Repeat(rand.Text()+"\n", 500)}
				if f.send(p) {
					sent.mu.Lock()
					sent.files = append(sent.files, f)
					sent.mu.Unlock()
				}
			}
		})
	}
	return sent
}

// send sends the file, once, and reports whether its message was acknowledged.
func (f *sentFile) send(p *plant) bool {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "a.txt")
	if err == nil {
		_, err = io.WriteString(part, f.content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		p.t.Error(err)
		return false
	}
	door, _ := p.door(0)
	answer, status, err := f.request(
		p.ctx,
		http.MethodPost,
		door+"/api"+ofUser+"/chats/"+f.chat+"/files",
		form.FormDataContentType(),
		&body,
	)
	if err != nil || status != http.StatusCreated {
		if p.load.Err() == nil && status != http.StatusTooManyRequests {
			p.t.Errorf("a file was answered %d, %v: %s", status, err, answer)
		}
		return false
	}
	var m messageBody
	err = json.Unmarshal(answer, &m)
	f.message = m.ID
	return err == nil
}

// download returns the content of the file, from an instance with another public address.
func (f *sentFile) download(p *plant, i *instance) string {
	p.t.Helper()
	answer, status, err := f.request(
		p.ctx,
		http.MethodGet,
		fmt.Sprintf("%s/api%s/chats/%s/files/%d", i.url, ofUser, f.chat, f.message),
		"",
		nil,
	)
	var link struct {
		URL string `json:"url"`
	}
	if err == nil {
		err = json.Unmarshal(answer, &link)
	}
	if err != nil || !strings.HasPrefix(link.URL, "https://restored.example/") {
		p.t.Fatalf("the address of a file was answered %d, %v: %s", status, err, answer)
	}
	content, status, err := f.request(p.ctx, http.MethodGet, i.url+strings.TrimPrefix(link.URL, "https://restored.example"), "", nil)
	if err != nil || status != http.StatusOK {
		p.t.Fatalf("a file was answered %d, %v: %s", status, err, content)
	}
	return string(content)
}

func (f *sentFile) request(
	ctx context.Context,
	method, address, contentType string,
	body io.Reader,
) (answer []byte, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+f.by.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return answer, res.StatusCode, err
}
