package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
)

// measureWidget measures the bytes on the wire, including headers, before the widget is opened and until its panel is usable.
func measureWidget(ctx context.Context, b *bench) error {
	database, err := b.newDatabase(ctx, template)
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database)
	if err != nil {
		return err
	}
	loader, _, err := fetch(ctx, server.addr, "/widget.js")
	if err != nil {
		return err
	}
	b.table.atMost("widget before it is opened", "bytes", sampleOf(float64(loader)), 5<<10, "one script, compressed")
	sum, page, err := fetch(ctx, server.addr, "/widget?site=Kestrel")
	if err != nil {
		return err
	}
	parts := []string{fmt.Sprintf("the page %d", sum)}
	for _, path := range subresources(page) {
		size, _, err := fetch(ctx, server.addr, path)
		if err != nil {
			return err
		}
		sum += size
		name, _, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], "?")
		parts = append(parts, fmt.Sprintf("%s %d", name, size))
	}
	b.table.atMost("widget until its panel is open", "bytes", sampleOf(float64(sum)), 60<<10, strings.Join(parts, ", "))
	return nil
}

var subresource = regexp.MustCompile(
	`<(?:script|img|source)\b[^>]*\ssrc="([^"]+)"|<link\b[^>]*rel="(?:stylesheet|preload|modulepreload)"[^>]*\shref="([^"]+)"`,
)

// subresources returns the paths that a browser loads for a page in a frame. An icon is not among them.
func subresources(page []byte) []string {
	var paths []string
	for _, m := range subresource.FindAllStringSubmatch(string(page), -1) {
		if path := m[1] + m[2]; strings.HasPrefix(path, "/") {
			paths = append(paths, path)
		}
	}
	return paths
}

// countingConn counts the bytes read from a connection.
type countingConn struct {
	net.Conn
	n *atomic.Int64
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// fetch requests a path over a new connection. It returns the number of bytes received and the decompressed body.
func fetch(ctx context.Context, addr, path string) (size int, text []byte, err error) {
	var received atomic.Int64
	transport := &http.Transport{
		DisableCompression: true, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			var dialer net.Dialer
			c, err := dialer.DialContext(ctx, network, addr)
			return countingConn{c, &received}, err
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept", "text/html,*/*")
	res, err := transport.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return 0, nil, fmt.Errorf("%s was answered %d: %w", path, res.StatusCode, err)
	}
	if res.Header.Get("Content-Encoding") != "gzip" {
		return int(received.Load()), raw, nil
	}
	plain, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	text, err = io.ReadAll(plain)
	return int(received.Load()), text, err
}
