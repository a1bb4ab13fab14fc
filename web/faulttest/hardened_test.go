package faulttest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// nobody is the user and group without rights.
const nobody = 65534

// missesSomething matches what a process logs when it lacks a right, a file or a variable. Other warnings may come from a busy machine.
var missesSomething = regexp.MustCompile(`permission denied|not permitted|read-only|no such file|not defined`)

// TestHardened runs the program as an installation that trusts it with nothing: as a user without rights and without HOME, in a folder that
// it cannot write to except for its data, without a folder for temporary files, with any umask, time zone and locale. It works, keeps its
// files from other users, misses nothing, and stops.
func TestHardened(t *testing.T) {
	t.Parallel()
	surroundings := []struct{ umask, zone, locale string }{
		{"077", "Asia/Kolkata", "C"},
		{"000", "nonsense", "tr_TR.UTF-8"},
	}
	folders := []string{lonelyFolder(t), lonelyFolder(t)}
	data := func(i int) string { return filepath.Join(folders[i], "data") }
	if os.Geteuid() != 0 {
		t.Log("the processes run as the user of the test, because only root can start them as another")
	}
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{scratch, binary} { // others may start it
		if os.Getenv("PARLEY_BINARY") == "" {
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	made, started := 0, 0
	p := newPlant(t, func(p *plant) {
		// Other users cannot reach the sockets of the test's servers.
		p.databaseURL = testdb.NewLink(t, p.postgres.URL).URL
		p.redisURL = "redis://" + testdb.NewRedisNode(t, false).Addr()
		p.own = func() []string {
			i := made
			made++
			return []string{
				"PARLEY_DIR=data",
				"FILES_DIR=" + filepath.Join(data(0), "files"),
				"TZ=" + surroundings[i].zone,
				"LC_ALL=" + surroundings[i].locale,
			}
		}
		p.confine = func(cmd *exec.Cmd) {
			i := started
			started++
			cmd.Args = append([]string{"sh", "-c", "umask " + surroundings[i].umask + ` && exec "$0" "$@"`}, cmd.Args...)
			cmd.Path, cmd.Dir = "/bin/sh", folders[i]
			cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool {
				return strings.HasPrefix(v, "HOME=") || strings.HasPrefix(v, "XDG_") || strings.HasPrefix(v, "TMPDIR=")
			})
			cmd.Env = append(cmd.Env, "TMPDIR=/nonexistent")
			if os.Geteuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			}
		}
	})
	anna := p.agent("anna", models.RoleAgent, 5)
	for i := range surroundings {
		user := p.user(fmt.Sprintf("user%d", i))
		user.at = i
		chat, ok := user.open()
		if !ok || !user.say(chat, user.next(), "İstanbul, ısı") {
			t.Fatal("a chat could not begin")
		}
		user.sendsFile(t, chat, i)
		if !eventually(t.Context(), 20*time.Second, func() bool { return len(anna.inbox) >= 2*(i+1) }) {
			t.Errorf("anna received %d messages", len(anna.inbox))
		}
	}
	for i, instance := range p.instances {
		began := time.Now()
		instance.signal(syscall.SIGTERM)
		instance.ends(t, 0, began, 15*time.Second)
		for line := range strings.Lines(instance.output.String()) {
			if !json.Valid([]byte(line)) || missesSomething.MatchString(line) {
				t.Errorf("with %+v it said %s", surroundings[i], line)
			}
		}
	}
	if files := privateFiles(t, data(0)); files != 2 {
		t.Errorf("%d files were stored, want 2", files)
	}
	privateFiles(t, data(1))
}

// lonelyFolder returns a folder that cannot be written to, with a folder data that the process can. It is no t.TempDir, which lies in one
// that others cannot enter.
func lonelyFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "parley-hardened-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Chmod(folder, 0o700) //nolint:gosec // to be removed
		_ = os.RemoveAll(folder)
	})
	data := filepath.Join(folder, "data")
	err = os.Mkdir(data, 0o700)
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(data, nobody, nobody)
	}
	if err == nil {
		err = os.Chmod(folder, 0o555) //nolint:gosec // others enter it
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// privateFiles returns how many files are below a folder. It fails if another user could open one of them or a folder.
func privateFiles(t *testing.T, folder string) (files int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %s", path, info.Mode())
		}
		if !entry.IsDir() {
			files++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sendsFile sends a text file through an instance.
func (who *person) sendsFile(t *testing.T, chat string, at int) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "notes.txt")
	who.plant.must(err)
	_, err = part.Write([]byte("The parcel is late.\n"))
	who.plant.must(err)
	who.plant.must(form.WriteField("client_message_id", who.next()))
	who.plant.must(form.Close())
	address := who.plant.instances[at].url + "/api" + who.base + "/chats/" + chat + "/files"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, &body)
	who.plant.must(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+who.token)
	res, err := transport.RoundTrip(req)
	who.plant.must(err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		t.Errorf("a file was answered %d", res.StatusCode)
	}
}
