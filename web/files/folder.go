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
	"strings"
	"time"
)

// folder stores files below one directory. [os.Root] keeps every access inside it, also through links.
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

// partialSuffix is that of a file until it is written to its end.
const partialSuffix = ".part"

// Put writes to a file with partialSuffix and renames it once everything is on disk.
func (f *folder) Put(ctx context.Context, name string, content io.ReadSeeker, size int64) (err error) {
	at, err := objectPath(name)
	if err != nil {
		return err
	}
	if err := f.root.MkdirAll(path.Dir(at), 0o700); err != nil {
		return err
	}
	partial := at + partialSuffix
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

// Delete also removes a partial file that a crashed process has left.
func (f *folder) Delete(_ context.Context, name string) error {
	at, err := objectPath(name)
	if err != nil {
		return err
	}
	for _, at := range []string{at + partialSuffix, at} {
		if err := f.root.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (f *folder) Has(_ context.Context, name string) (bool, error) {
	at, err := objectPath(name)
	if err != nil {
		return false, err
	}
	_, err = f.root.Stat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (f *folder) List(ctx context.Context, each func(name string, size int64, storedAt time.Time) error) error {
	return fs.WalkDir(f.root.FS(), ".", func(at string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		whole, isPartial := strings.CutSuffix(at, partialSuffix)
		name, isOurs := nameOf(whole)
		if !isOurs {
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // it was deleted meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		if isPartial {
			return each(name, -1, info.ModTime())
		}
		return each(name, info.Size(), info.ModTime())
	})
}

// Check returns an error if no file can be created in the directory.
func (f *folder) Check(context.Context) error {
	probe, err := os.CreateTemp(f.path, ".probe-*")
	if err != nil {
		return fmt.Errorf("FILES_DIR %s cannot be written to: %w", filepath.Clean(f.path), err)
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// contextReader stops a copy when its context ends.
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
