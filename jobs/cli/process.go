package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// UntilSignal returns a context that ends with the first SIGTERM or interrupt. The second one ends the process at once,
// with that exit code.
func UntilSignal(ctx context.Context, code int) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(code)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// Listen opens LISTEN_ADDR. If another program uses the port, the error explains how to choose a different one.
func (p *Program) Listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", p.Env.ListenAddr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf(
			"the address %s is already in use. Choose another port, for example: LISTEN_ADDR=:8090 make run",
			p.Env.ListenAddr,
		)
	}
	if err != nil {
		return nil, fmt.Errorf("LISTEN_ADDR %s cannot be used: %w", p.Env.ListenAddr, err)
	}
	return listener, nil
}

// Address returns the address to open in a browser: PUBLIC_URL, or this machine's own with the port of the listener.
func (p *Program) Address(listener net.Listener) string {
	if p.Env.PublicURL != "" {
		return strings.TrimSuffix(p.Env.PublicURL, "/")
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return "http://localhost:" + port
}
