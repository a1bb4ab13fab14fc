package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profiled runs an unmeasured load, stores a CPU profile of the program taken during it, and a heap profile afterwards. It does nothing
// without the -profile option.
func (b *bench) profiled(ctx context.Context, p *process, name string, span time.Duration, load func(context.Context) error) error {
	if b.opts.profile == "" {
		return nil
	}
	if err := os.MkdirAll(b.opts.profile, 0o755); err != nil {
		return err
	}
	taken := make(chan error, 1)
	go func() {
		taken <- p.keepProfile(ctx, fmt.Sprintf("profile?seconds=%d", max(1, int(span.Seconds()))),
			filepath.Join(b.opts.profile, name+".cpu.pprof"))
	}()
	if err := load(ctx); err != nil {
		return err
	}
	if err := <-taken; err != nil {
		return err
	}
	return p.keepProfile(ctx, "heap", filepath.Join(b.opts.profile, name+".heap.pprof"))
}

// keepProfile stores one of the program's profiles in a file.
func (p *process) keepProfile(ctx context.Context, which, file string) error {
	text, err := p.profile(ctx, which)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

func (p *process) profile(ctx context.Context, which string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.profiles+"/debug/pprof/"+which, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("profile %s: %d %s", which, res.StatusCode, text)
	}
	return text, err
}

// collectGarbage runs a garbage collection in the program.
func (p *process) collectGarbage(ctx context.Context) error {
	_, err := p.profile(ctx, "heap?gc=1")
	return err
}
