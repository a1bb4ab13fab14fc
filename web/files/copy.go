package files

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// copyWorkers is how many files are copied at the same time.
const copyWorkers = 8

// Copy copies the files with those names to another store, leaving out those that are there in the same size, so it can be repeated. It
// returns how many it copied, and how many names the first store does not have. It ends with the first error.
func Copy(ctx context.Context, from, to Store, names []string) (copied, missing int, err error) {
	var done, absent atomic.Int64
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(copyWorkers)
	for _, name := range names {
		workers.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			was, err := copyFile(ctx, from, to, name)
			switch {
			case errors.Is(err, ErrNotFound):
				absent.Add(1)
				return nil
			case was:
				done.Add(1)
			}
			return err
		})
	}
	err = workers.Wait()
	return int(done.Load()), int(absent.Load()), err
}

// copyFile copies one file and reports whether that was needed. A file that from does not have is ErrNotFound.
func copyFile(ctx context.Context, from, to Store, name string) (copied bool, err error) {
	file, size, err := openSized(ctx, from, name)
	if err != nil {
		return false, err
	}
	defer file.Close()
	there, thereSize, err := openSized(ctx, to, name)
	if err == nil {
		_ = there.Close()
		if thereSize == size {
			return false, nil
		}
	} else if !errors.Is(err, ErrNotFound) {
		return false, err
	}
	if err := to.Delete(ctx, name); err != nil { // what an interrupted copy has left
		return false, err
	}
	if err := to.Put(ctx, name, file, size); err != nil {
		return false, err
	}
	return true, nil
}

// openSized opens a file at its beginning and returns its size.
func openSized(ctx context.Context, s Store, name string) (io.ReadSeekCloser, int64, error) {
	file, err := s.Open(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, size, nil
}
