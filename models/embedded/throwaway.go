package embedded

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
)

// StartThrowaway starts servers for tests in the first numbered folder below parent that no other process uses. What an
// earlier process left there is used again, since making a cluster takes longer than most tests; a damaged folder is
// recreated. Dir and Throwaway of opts are set here.
func StartThrowaway(ctx context.Context, parent string, opts Options) (*Services, error) {
	// Started by root, PostgreSQL runs as the user nobody, who must be able to enter the folder.
	if err := os.Mkdir(parent, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	if err := mine(parent); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		opts.Dir = filepath.Join(parent, strconv.Itoa(n))
		opts.Throwaway = true
		slot, err := tryLock(opts.Dir + ".lock")
		if err != nil {
			return nil, err
		}
		if slot == nil {
			continue
		}
		s, err := Start(ctx, opts)
		if err != nil && ctx.Err() == nil {
			if err := os.RemoveAll(opts.Dir); err != nil {
				return nil, err
			}
			s, err = Start(ctx, opts)
		}
		if err != nil {
			return nil, errors.Join(err, slot.Close())
		}
		s.slot = slot
		for _, server := range []*Server{s.Postgres, s.Redis} {
			if server != nil {
				server.slot = slot
			}
		}
		return s, nil
	}
}
