package files_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"parley/web/files"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newName() string { return strings.ToLower(rand.Text()) }

func newFolder(t *testing.T) (files.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	store, err := files.Open(files.Options{Folder: dir})
	must(t, err)
	return store, dir
}

const (
	keyID  = "AKIDEXAMPLE"
	secret = "a secret of the bucket"
)

// newServer starts a server for the S3 protocol, including signatures, with one bucket.
func newServer(t *testing.T) (*httptest.Server, *s3mem.Backend) {
	t.Helper()
	backend := s3mem.New()
	must(t, backend.CreateBucket(context.Background(), "chats"))
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithV4Auth(map[string]string{keyID: secret})).Server())
	t.Cleanup(server.Close)
	return server, backend
}

func openBucket(t *testing.T, endpoint, bucket, secret string) files.Store {
	t.Helper()
	store, err := files.Open(
		files.Options{
			URL:    "s3://" + bucket + "/parley?region=us-east-1&endpoint=" + url.QueryEscape(endpoint),
			KeyID:  keyID,
			Secret: secret,
		},
	)
	must(t, err)
	return store
}

// Both kinds of stores behave alike.
func TestAStoreKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	local, _ := newFolder(t)
	server, _ := newServer(t)
	for kind, store := range map[string]files.Store{"folder": local, "bucket": openBucket(t, server.URL, "chats", secret)} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			must(t, store.Check(t.Context()))
			content := bytes.Repeat([]byte("0123456789"), 100_000)
			name := newName()
			if _, err := store.Open(t.Context(), name); !errors.Is(err, files.ErrNotFound) {
				t.Fatalf("before it is there: %v", err)
			}
			must(t, store.Put(t.Context(), name, bytes.NewReader(content), int64(len(content))))
			file, err := store.Open(t.Context(), name)
			must(t, err)
			defer file.Close()
			end, err := file.Seek(0, io.SeekEnd)
			must(t, err)
			_, err = file.Seek(end-5, io.SeekStart)
			must(t, err)
			if tail, err := io.ReadAll(file); err != nil || string(tail) != "56789" {
				t.Errorf("the tail is %q, %v", tail, err)
			}
			_, err = file.Seek(0, io.SeekStart)
			must(t, err)
			if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes came back, %v", len(got), err)
			}
			must(t, store.Delete(t.Context(), name))
			must(t, store.Delete(t.Context(), name))
			if _, err := store.Open(t.Context(), name); !errors.Is(err, files.ErrNotFound) {
				t.Fatalf("after it was deleted: %v", err)
			}
		})
	}
}

func TestNothingIsReadUnderANameWhoseWritingFailed(t *testing.T) {
	t.Parallel()
	local, dir := newFolder(t)
	server, _ := newServer(t)
	for kind, store := range map[string]files.Store{"folder": local, "bucket": openBucket(t, server.URL, "chats", secret)} {
		name := newName()
		broken := struct {
			io.Reader
			io.Seeker
		}{io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("the line is cut"))), strings.NewReader("")}
		if err := store.Put(t.Context(), name, broken, 100); err == nil {
			t.Errorf("%s: a broken writing is no error", kind)
		}
		if err := store.Put(t.Context(), newName(), strings.NewReader("short"), 100); err == nil {
			t.Errorf("%s: five bytes of a hundred are no error", kind)
		}
		if _, err := store.Open(t.Context(), name); !errors.Is(err, files.ErrNotFound) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("%s was left", path)
		}
		return err
	}))
}

func TestOtherAccountsOfTheMachineCannotReadTheFolder(t *testing.T) {
	t.Parallel()
	store, dir := newFolder(t)
	must(t, store.Put(t.Context(), newName(), strings.NewReader("x"), 1))
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		must(t, err)
		info, err := os.Stat(path)
		must(t, err)
		want := fs.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s is %o", path, info.Mode().Perm())
		}
		return nil
	}))
}

func TestNoNameLeavesTheFolder(t *testing.T) {
	t.Parallel()
	store, dir := newFolder(t)
	outside := filepath.Join(filepath.Dir(dir), "outside")
	must(t, os.WriteFile(outside, []byte("not ours"), 0o600))
	linked := newName()
	must(t, os.Mkdir(filepath.Join(dir, linked[:2]), 0o700))
	must(t, os.Symlink(outside, filepath.Join(dir, linked[:2], linked)))
	names := []string{
		"../outside",
		"..%2foutside",
		outside,
		"",
		".",
		"/",
		strings.Repeat("a", 25) + "/",
		strings.Repeat("A", 26),
		"aa/../../outside..........",
	}
	for _, name := range append(names, linked) {
		if file, err := store.Open(t.Context(), name); err == nil {
			_ = file.Close()
			t.Errorf("%q was opened", name)
		}
	}
	for _, name := range names {
		if store.Put(t.Context(), name, strings.NewReader("x"), 1) == nil || store.Delete(t.Context(), name) == nil {
			t.Errorf("%q was written or deleted", name)
		}
	}
	if kept, err := os.ReadFile(outside); err != nil || string(kept) != "not ours" {
		t.Errorf("outside is %q, %v", kept, err)
	}
}

func TestABucketThatRefusesIsTold(t *testing.T) {
	t.Parallel()
	server, _ := newServer(t)
	for what, store := range map[string]files.Store{
		"a wrong secret":  openBucket(t, server.URL, "chats", "guessed"),
		"no such bucket":  openBucket(t, server.URL, "elsewhere", secret),
		"nobody answers":  openBucket(t, "http://127.0.0.1:1", "chats", secret),
		"it has an error": openBucket(t, unwell(t), "chats", secret),
	} {
		if err := store.Check(t.Context()); err == nil {
			t.Errorf("%s: the check finds nothing", what)
		}
		if err := store.Put(t.Context(), newName(), strings.NewReader("x"), 1); err == nil {
			t.Errorf("%s: it was stored all the same", what)
		}
		// A missing bucket cannot be distinguished from a missing file, because a HEAD response has no body.
		if _, err := store.Open(t.Context(), newName()); err == nil || errors.Is(err, files.ErrNotFound) && what != "no such bucket" {
			t.Errorf("%s: opening says %v", what, err)
		}
	}
}

func unwell(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(server.Close)
	return server.URL
}

func TestASettingThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, o := range []files.Options{
		{URL: "https://bucket"},
		{URL: "s3://"},
		{URL: "s3://key:secret@bucket"},
		{URL: "s3://bucket?endpoint=minio:9000"},
		{URL: "s3://bucket?endpoint=ftp://minio"},
		{URL: "s3://bucket?endpoint=https://minio/path"},
		{Folder: file},
		{Folder: filepath.Join(file, "below")},
	} {
		if _, err := files.Open(o); err == nil || !strings.Contains(err.Error(), "FILES_") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
