package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	maxBucketTries      = 3
	bucketHeaderTimeout = 10 * time.Second // until the headers of a response
)

// bucket stores files in a bucket of S3 or of a service with the same protocol.
type bucket struct {
	client *minio.Client
	name   string
	prefix string
}

func openBucket(u *url.URL, o Options) (*bucket, error) {
	query := u.Query()
	endpoint := &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	if configured := query.Get("endpoint"); configured != "" {
		var err error
		endpoint, err = url.Parse(configured)
		if err != nil || endpoint.Host == "" || endpoint.User != nil || (endpoint.Scheme != "https" && endpoint.Scheme != "http") ||
			strings.Trim(endpoint.Path, "/") != "" {
			return nil, errors.New("FILES_URL: the endpoint is not an address such as https://minio.internal:9000, without a user")
		}
	}
	secure := endpoint.Scheme == "https"
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, err
	}
	transport.ResponseHeaderTimeout = bucketHeaderTimeout
	creds := credentials.NewIAM("")
	if o.KeyID != "" {
		creds = credentials.NewStaticV4(o.KeyID, o.Secret, o.SessionToken)
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: creds, Secure: secure, Region: query.Get("region"), Transport: transport,
		MaxRetries: maxBucketTries,
	})
	if err != nil {
		return nil, fmt.Errorf("FILES_URL: %w", err)
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &bucket{client, u.Host, prefix}, nil
}

func (b *bucket) key(name string) (string, error) {
	at, err := objectPath(name)
	return b.prefix + at, err
}

// Put sends a file in one request, which the protocol stores whole or not at all.
func (b *bucket) Put(ctx context.Context, name string, content io.ReadSeeker, size int64) error {
	key, err := b.key(name)
	if err != nil {
		return err
	}
	_, err = b.client.PutObject(ctx, b.name, key, content, size, minio.PutObjectOptions{
		ContentType:      "application/octet-stream",
		DisableMultipart: true,
	})
	return err
}

// Open requests the file's metadata first, so that a missing file is known before anything is read.
func (b *bucket) Open(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	key, err := b.key(name)
	if err != nil {
		return nil, err
	}
	object, err := b.client.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	if _, err := object.Stat(); err != nil {
		_ = object.Close()
		if isNotFound(err) {
			return nil, ErrNotFound
		}
		return nil, err
	}
	return object, nil
}

func (b *bucket) Delete(ctx context.Context, name string) error {
	key, err := b.key(name)
	if err != nil {
		return err
	}
	if err := b.client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{}); err != nil && !isNotFound(err) {
		return err
	}
	return nil
}

func (b *bucket) Has(ctx context.Context, name string) (bool, error) {
	key, err := b.key(name)
	if err != nil {
		return false, err
	}
	_, err = b.client.StatObject(ctx, b.name, key, minio.StatObjectOptions{})
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

func (b *bucket) List(ctx context.Context, each func(name string, size int64, storedAt time.Time) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the requests
	for object := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true}) {
		if object.Err != nil {
			return object.Err
		}
		if name, isOurs := nameOf(strings.TrimPrefix(object.Key, b.prefix)); isOurs {
			if err := each(name, object.Size, object.LastModified); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// Check returns an error if the bucket does not exist or cannot be reached.
func (b *bucket) Check(ctx context.Context) error {
	exists, err := b.client.BucketExists(ctx, b.name)
	if err == nil && !exists {
		err = errors.New("it does not exist")
	}
	if err != nil {
		return fmt.Errorf("the bucket %s of FILES_URL cannot be used: %w", b.name, err)
	}
	return nil
}

func isNotFound(err error) bool {
	answer := minio.ToErrorResponse(err)
	return answer.Code == minio.NoSuchKey || answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket
}
