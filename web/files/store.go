// Package files keeps what people send outside the database: in a folder, or in a bucket that speaks the S3 protocol.
//
// Names are made by the desk, never by whoever sent a file. A file is written once, whole or not at all, and never
// changed.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
)

// ErrNotFound tells that the store has no file of that name.
var ErrNotFound = errors.New("no such file in the store")

// Store keeps files by their names. It is safe for concurrent use, and several instances may share one.
type Store interface {
	// Put writes a file of size bytes. Unless it returns nil, nothing can be read under the name.
	Put(ctx context.Context, name string, content io.ReadSeeker, size int64) error
	// Open returns a file for reading from any place in it, or ErrNotFound. Whoever opened it closes it.
	Open(ctx context.Context, name string) (io.ReadSeekCloser, error)
	// Delete removes a file; one that is not there is no error.
	Delete(ctx context.Context, name string) error
	// Check tells why nothing can be kept, if that can be seen.
	Check(ctx context.Context) error
}

// Options of Open.
type Options struct {
	URL    string // FILES_URL: s3://bucket/prefix?endpoint=https://host:port&region=name, "" for the folder
	Folder string // FILES_DIR
	// KeyID and Secret are the credentials of the bucket; without them the machine's own role is asked.
	KeyID, Secret, SessionToken string
}

// Open returns the store of the settings. Its errors name the setting at fault.
func Open(o Options) (Store, error) {
	if o.URL == "" {
		return openFolder(o.Folder)
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil {
		return nil, errors.New("FILES_URL is an address such as s3://bucket/prefix?endpoint=https://minio.internal:9000&region=eu-central-1; " +
			"credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return openBucket(u, o)
}

var wellFormed = regexp.MustCompile(`^[a-z0-9]{26}$`)

// objectPath is where a name lies below the top: files spread over many folders. A name that the desk did not make lies nowhere.
func objectPath(name string) (string, error) {
	if !wellFormed.MatchString(name) {
		return "", fmt.Errorf("%q is no name of the store", name)
	}
	return name[:2] + "/" + name, nil
}

// None is where there is no store: nothing can be kept.
type None struct{}

var errNone = errors.New("no file store is set up")

// Put refuses.
func (None) Put(context.Context, string, io.ReadSeeker, int64) error { return errNone }

// Open refuses.
func (None) Open(context.Context, string) (io.ReadSeekCloser, error) { return nil, errNone }

// Delete refuses.
func (None) Delete(context.Context, string) error { return errNone }

// Check says so.
func (None) Check(context.Context) error { return errNone }
