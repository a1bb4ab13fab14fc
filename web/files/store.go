// Package files stores uploads outside of the database: in a folder, or in a bucket with the S3 protocol.
//
// The desk generates the names, never the sender of a file. A file is written once, whole or not at all, and never changed.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"time"
)

// ErrNotFound means that the store has no file of that name.
var ErrNotFound = errors.New("no such file in the store")

// Store keeps files by their names. It is safe for concurrent use, and several instances may share one.
type Store interface {
	// Put writes a file of size bytes. Unless it returns nil, nothing can be read under the name.
	Put(ctx context.Context, name string, content io.ReadSeeker, size int64) error
	// Open returns a file for reading and seeking, or ErrNotFound. The caller must close it.
	Open(ctx context.Context, name string) (io.ReadSeekCloser, error)
	// Delete removes a file; one that is not there is no error.
	Delete(ctx context.Context, name string) error
	// Has reports whether there is a file of that name.
	Has(ctx context.Context, name string) (bool, error)
	// List calls f for every file, in any order, with its size in bytes and the time when it was stored, until f returns an error. The
	// size of what is left of a file that was never written to its end is -1. What the desk has not named is left out.
	List(ctx context.Context, f func(name string, size int64, storedAt time.Time) error) error
	// Check returns why no file can be stored, as far as that can be found out without storing one.
	Check(ctx context.Context) error
}

// Options of Open.
type Options struct {
	URL    string // FILES_URL: s3://bucket/prefix?endpoint=https://host:port&region=name, "" for the folder
	Folder string // FILES_DIR
	// KeyID and Secret are the credentials of the bucket; without them the machine's own role is asked.
	KeyID, Secret, SessionToken string
}

// Open returns the store that the options describe. Its errors name the setting that is wrong.
func Open(o Options) (Store, error) {
	if o.URL == "" {
		return openFolder(o.Folder)
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil {
		return nil, errors.New(
			"FILES_URL is an address such as s3://bucket/prefix?endpoint=https://minio.internal:9000&region=eu-central-1; " +
				"credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
		)
	}
	return openBucket(u, o)
}

var wellFormed = regexp.MustCompile(`^[a-z0-9]{26}$`)

// objectPath returns the path of a file in the store, spread over many folders. It refuses a name that the desk has not generated.
func objectPath(name string) (string, error) {
	if !wellFormed.MatchString(name) {
		return "", fmt.Errorf("%q is no name of the store", name)
	}
	return name[:2] + "/" + name, nil
}

// nameOf returns the name of the file at a path of the store, and whether it is such a path.
func nameOf(at string) (name string, ok bool) {
	name = path.Base(at)
	want, err := objectPath(name)
	return name, err == nil && at == want
}

// None is a store for an installation without one: every operation fails.
type None struct{}

var errNone = errors.New("no file store is set up")

// Put implements Store and always fails.
func (None) Put(context.Context, string, io.ReadSeeker, int64) error { return errNone }

// Open implements Store and always fails.
func (None) Open(context.Context, string) (io.ReadSeekCloser, error) { return nil, errNone }

// Delete implements Store and always fails.
func (None) Delete(context.Context, string) error { return errNone }

// Has implements Store and always fails.
func (None) Has(context.Context, string) (bool, error) { return false, errNone }

// List implements Store and always fails.
func (None) List(context.Context, func(string, int64, time.Time) error) error { return errNone }

// Check implements Store and always fails.
func (None) Check(context.Context) error { return errNone }
