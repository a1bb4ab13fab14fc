package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"parley/jobs/cli"
	"parley/web/files"
)

// This file opens the stores of the files that people send, from the settings.

// incomingDir is the folder for files while they are received.
func incomingDir(p *cli.Program) string { return filepath.Join(p.Env.DataDir, "incoming") }

func filesOptions(p *cli.Program) files.Options {
	return files.Options{
		URL: p.Env.FilesURL, Folder: p.Env.FilesDir,
		KeyID: p.Env.AWSKeyID, Secret: p.Env.AWSSecret, SessionToken: p.Env.AWSSessionToken,
	}
}

// openStore opens the store of files. A bucket that is unreachable now may become available later; only files need it.
func openStore(ctx context.Context, p *cli.Program) (files.Store, error) {
	store, err := files.Open(filesOptions(p))
	if err != nil || p.Env.FilesURL == "" {
		return store, err
	}
	go func() {
		if err := store.Check(ctx); err != nil && ctx.Err() == nil {
			p.Log.Warn("file store unavailable, files cannot be sent or opened", "error", err)
		}
	}()
	return store, nil
}

// copyFiles copies files from the store of the settings to a folder, or to a bucket with the credentials of the settings.
func copyFiles(ctx context.Context, p *cli.Program, to string, names []string) (copied, missing int, err error) {
	from, err := files.Open(filesOptions(p))
	if err != nil {
		return 0, 0, err
	}
	options := filesOptions(p)
	if options.URL, options.Folder = "", to; strings.Contains(to, "://") {
		options.URL = to
	}
	target, err := files.Open(options)
	if err == nil {
		err = target.Check(ctx)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("--to %s: %w", p.Env.Mask(to), err)
	}
	return files.Copy(ctx, from, target, names)
}
