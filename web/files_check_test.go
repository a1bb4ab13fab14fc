package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"parley/jobs/cli"
	"parley/models"
	"parley/web"
	"parley/web/files"
	"parley/web/media/samples"
)

// agedStore is a store and the way to give all of its files an age.
type agedStore struct {
	files.Store
	age func(t *testing.T, by time.Duration)
}

func agedFolder(t *testing.T) agedStore {
	t.Helper()
	dir := t.TempDir()
	store, err := files.Open(files.Options{Folder: dir})
	must(t, err)
	return agedStore{store, func(t *testing.T, by time.Duration) {
		t.Helper()
		all, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		must(t, err)
		for _, path := range all {
			must(t, os.Chtimes(path, time.Time{}, time.Now().Add(-by)))
		}
	}}
}

// agedBucket returns a bucket whose clock shows a time in the past.
func agedBucket(t *testing.T) agedStore {
	t.Helper()
	clock := gofakes3.FixedTimeSource(time.Now())
	backend := s3mem.New(s3mem.WithTimeSource(clock))
	must(t, backend.CreateBucket(t.Context(), "chats"))
	fake := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if query := r.URL.Query(); query.Has("delimiter") && query.Get("delimiter") == "" { // which the fake takes for one
			query.Del("delimiter")
			r.URL.RawQuery = query.Encode()
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	store, err := files.Open(
		files.Options{URL: "s3://chats/sent?region=us-east-1&endpoint=" + url.QueryEscape(server.URL), KeyID: "key", Secret: "secret"},
	)
	must(t, err)
	return agedStore{store, func(t *testing.T, by time.Duration) {
		t.Helper()
		clock.Advance(-by)
		must(t, store.List(t.Context(), func(name string, _ int64, _ time.Time) error { // written again, with the time of the clock
			file, err := store.Open(t.Context(), name)
			must(t, err)
			var content bytes.Buffer
			_, err = content.ReadFrom(file)
			must(t, err)
			must(t, file.Close())
			return store.Put(t.Context(), name, bytes.NewReader(content.Bytes()), int64(content.Len()))
		}))
	}}
}

func findingsOf(check *models.FileCheck, invariant string) (subjects []string) {
	for _, c := range check.Checked {
		if c.Invariant == invariant {
			for _, f := range c.Findings {
				subjects = append(subjects, f.Subject+" "+f.Detail)
			}
		}
	}
	return subjects
}

// TestFilesAndDatabaseAreCompared loses a file, cuts one off, leaves one that belongs to nothing, and has one that is being uploaded.
func TestFilesAndDatabaseAreCompared(t *testing.T) {
	t.Parallel()
	for kind, open := range map[string]func(*testing.T) agedStore{"folder": agedFolder, "bucket": agedBucket} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			h := patientHouse(t, func(s *setup) { s.options = func(o *web.Options) { o.Files = store } })
			chat, user, _ := h.talk()
			for range 2 {
				h.file(userFiles+chat+"/files", user, "card.jpg", samples.JPEG(600, 300)).want(201)
			}
			h.file(userFiles+chat+"/files", user, "a.txt", []byte("0123456789")).want(201)
			put := func(name string) {
				must(t, store.Put(t.Context(), name, strings.NewReader("of an upload"), 12))
			}
			planned, err := h.desk.PlanFiles(t.Context(), 1) // an upload that its message has not named yet
			must(t, err)
			put(planned[0])
			orphan := strings.Repeat("o", 26)
			put(orphan)

			check := func() *models.FileCheck {
				t.Helper()
				found, err := h.desk.CheckFiles(t.Context(), store)
				must(t, err)
				return found
			}
			if found := check(); len(found.Orphaned)+len(findingsOf(found, models.FilesStored)) > 0 || found.Known != 5 {
				t.Errorf("while everything is young it finds %+v", found)
			}
			store.age(t, 25*time.Hour)
			if found := check(); !slices.Equal(found.Orphaned, []string{orphan}) {
				t.Errorf("orphaned are %v, want %s", found.Orphaned, orphan)
			}

			var rows []struct{ File, Thumbnail string }
			must(t, h.desk.DB().NewRaw(`SELECT file, coalesce(thumbnail, '') AS thumbnail FROM attachments ORDER BY message_id`).
				Scan(t.Context(), &rows))
			lost, shortened := rows[0].Thumbnail, rows[2].File
			must(t, store.Delete(t.Context(), lost))
			must(t, store.Delete(t.Context(), shortened))
			must(t, store.Put(t.Context(), shortened, strings.NewReader("0123"), 4))
			found := findingsOf(check(), models.FilesStored)
			slices.Sort(found)
			want := []string{lost + " it is missing, of message ", shortened + " it has 4 of 10 bytes, of message "}
			slices.Sort(want)
			if len(found) != 2 || !strings.HasPrefix(found[0], want[0]) || !strings.HasPrefix(found[1], want[1]) {
				t.Errorf("found %q, want %q", found, want)
			}

			var out bytes.Buffer
			command := cli.Check{Files: true, RemoveOrphanedFiles: true}
			err = command.Run(t.Context(), h.desk, func() (models.FileStore, error) { return store, nil }, &out)
			if err == nil || err.Error() != "1 invariants are violated" || !strings.Contains(out.String(), "deleted 1 orphaned files") ||
				!strings.Contains(out.String(), "ok      files_known") || !strings.Contains(out.String(), "BROKEN  files_stored") {
				t.Errorf("the error is %v after\n%s", err, out.String())
			}
			for name, want := range map[string]bool{orphan: false, planned[0]: true, rows[1].File: true} {
				if has, err := store.Has(t.Context(), name); err != nil || has != want {
					t.Errorf("%s is there: %t, %v, want %t", name, has, err, want)
				}
			}
		})
	}
}

// With the database of another installation every file looks orphaned.
func TestTheFilesOfAnotherInstallationAreKept(t *testing.T) {
	t.Parallel()
	store := agedFolder(t)
	h := startServer(t)
	orphan := strings.Repeat("o", 26)
	must(t, store.Put(t.Context(), orphan, strings.NewReader("x"), 1))
	store.age(t, 25*time.Hour)
	run := func(c cli.Check) error {
		return c.Run(t.Context(), h.desk, func() (models.FileStore, error) { return store, nil }, &bytes.Buffer{})
	}
	if err := run(cli.Check{Files: true, RemoveOrphanedFiles: true}); err == nil || !strings.Contains(err.Error(), "--even-most-files") {
		t.Errorf("the error is %v", err)
	}
	if has, err := store.Has(t.Context(), orphan); err != nil || !has {
		t.Fatalf("it was deleted, %v", err)
	}
	must(t, run(cli.Check{Files: true, RemoveOrphanedFiles: true, EvenMostFiles: true}))
	if has, err := store.Has(t.Context(), orphan); err != nil || has {
		t.Errorf("it is still there, %v", err)
	}
}

func TestFilesAreCopiedToAnotherStore(t *testing.T) {
	t.Parallel()
	from, to := agedFolder(t), agedBucket(t)
	names := []string{strings.Repeat("a", 26), strings.Repeat("b", 26), strings.Repeat("c", 26)}
	for _, name := range names[:2] {
		must(t, from.Put(t.Context(), name, strings.NewReader("content of "+name), 37))
	}
	for _, want := range []int{2, 0} { // the second time everything is there
		copied, missing, err := files.Copy(t.Context(), from, to, names)
		if err != nil || copied != want || missing != 1 {
			t.Errorf("%d were copied and %d missing, %v; want %d and 1", copied, missing, err, want)
		}
	}
	// What an interrupted copy has left is replaced.
	must(t, to.Delete(t.Context(), names[0]))
	must(t, to.Put(t.Context(), names[0], strings.NewReader("half"), 4))
	copied, _, err := files.Copy(t.Context(), from, to, names)
	if err != nil || copied != 1 {
		t.Errorf("%d were copied, %v", copied, err)
	}
	file, err := to.Open(t.Context(), names[0])
	must(t, err)
	defer file.Close()
	var content bytes.Buffer
	if _, err := content.ReadFrom(file); err != nil || content.String() != "content of "+names[0] {
		t.Errorf("it is %q, %v", content.String(), err)
	}
}
