package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// metrics returns what /metrics of the program shows, by name with labels.
func (p *process) metrics(ctx context.Context) (map[string]float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	got, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	all := map[string]float64{}
	lines := bufio.NewScanner(got.Body)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		space := strings.LastIndexByte(line, ' ')
		name := line[:max(space, 0)]
		if all[name], err = strconv.ParseFloat(line[space+1:], 64); err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
	}
	return all, lines.Err()
}

// waitUntilAlone waits until the only instance decides rate limits by itself, which takes a minute: what is measured is how a program
// works all day. A quick run does not wait.
func (b *bench) waitUntilAlone(ctx context.Context, p *process) error {
	for !b.opts.quick {
		alone, err := p.decidesAlone(ctx)
		if err != nil || alone {
			return err
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

// decidesAlone reports whether the instance decides rate limits by itself.
func (p *process) decidesAlone(ctx context.Context) (bool, error) {
	metrics, err := p.metrics(ctx)
	return metrics["parley_limits_decided_alone"] == 1, err
}
