package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// folder keeps files below one directory, which [os.Root] lets nobody leave, not even by a link.
type folder struct {
	root *os.Root
	path string
}

func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("FILES_DIR %s cannot be created: %w", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("FILES_DIR %s cannot be opened: %w", dir, err)
	}
	f := &folder{root, dir}
	return f, f.Check(context.Background())
}

// Put writes beside the place and moves it there once everything is on the disk.
func (f *folder) Put(ctx context.Context, name string, content io.ReadSeeker, size int64) (err error) {
	at, err := objectPath(name)
	if err != nil {
		return err
	}
	if err := f.root.MkdirAll(path.Dir(at), 0o700); err != nil {
		return err
	}
	partial := at + ".part"
	file, err := f.root.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = f.root.Remove(partial)
		}
	}()
	n, err := io.Copy(file, &contextReader{ctx, content})
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes received, %d announced", n, size)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return err
	}
	return f.root.Rename(partial, at)
}

func (f *folder) Open(_ context.Context, name string) (io.ReadSeekCloser, error) {
	at, err := objectPath(name)
	if err != nil {
		return nil, err
	}
	file, err := f.root.Open(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

// Delete also takes away what a process left half written.
func (f *folder) Delete(_ context.Context, name string) error {
	at, err := objectPath(name)
	if err != nil {
		return err
	}
	for _, at := range []string{at + ".part", at} {
		if err := f.root.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Check writes something small.
func (f *folder) Check(context.Context) error {
	probe, err := os.CreateTemp(f.path, ".probe-*")
	if err != nil {
		return fmt.Errorf("FILES_DIR %s cannot be written to: %w", filepath.Clean(f.path), err)
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// contextReader ends a copy with its context.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (s *contextReader) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}
