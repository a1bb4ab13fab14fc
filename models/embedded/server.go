package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout = time.Minute // recovery after a power cut takes its time
	stopTimeout  = 15 * time.Second
	restartDelay = 200 * time.Millisecond
)

// Server is a child that is started again when it dies, until it is stopped.
type Server struct {
	name  string // of its files: postgres, redis
	title string // for messages
	dir   string
	log   *slog.Logger
	// shared means that a running server of another process may be used. In tests it may not: such a server is about to end with its owner.
	shared bool

	prepare func(context.Context) error // once, before the first start
	command func() *exec.Cmd
	ready   func(context.Context) error // asked by the owner until it succeeds
	ping    func(context.Context) error // asked by those who share it

	stopSignal  syscall.Signal
	dyingSignal syscall.Signal

	owner *os.File // the lock that makes this process the owner
	slot  *os.File // the lock of a throwaway folder: an unreferenced file is closed, and its lock is lost

	mu    sync.Mutex
	child *child
	halt  chan struct{} // closed by Stop and Kill: the death that follows was asked for
}

// start makes this process the owner of the server and runs it. When another process is the owner, start waits until that
// one's server answers and returns nil.
func (s *Server) start(ctx context.Context) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var answer error
	err := until(ctx, func() (bool, error) {
		owner, err := tryLock(s.path(".owner"))
		if s.owner = owner; owner != nil || err != nil {
			return true, err
		}
		if !s.shared {
			return false, nil
		}
		answer = s.ping(ctx)
		return answer == nil, nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s in %s is run by another parley and does not answer: %w", s.title, s.dir, err), answer)
	}
	if s.owner == nil {
		s.log.Debug("using the "+s.title+" of another parley", "dir", s.dir)
		return nil, nil
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.owner.Close())
	}
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, s.owner.Close())
	}
	return s, nil
}

// Start runs the server and returns when it answers. A running server is left alone.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child != nil && !s.child.ended() {
		return nil
	}
	return s.run(ctx)
}

// run starts the child. The caller holds mu.
func (s *Server) run(ctx context.Context) error {
	lock, err := s.lockFiles(ctx)
	if err != nil {
		return err
	}
	defer lock.Close() // the child has a copy, and the lock lasts as long as any copy
	output, err := openLog(s.path(".log"))
	if err != nil {
		return err
	}
	defer output.Close()

	cmd := s.command()
	cmd.ExtraFiles = []*os.File{lock}
	cmd.Stdout, cmd.Stderr = output.File, output.File
	c, err := spawn(cmd, s.dyingSignal)
	if err != nil {
		return fmt.Errorf("start %s: %w", s.title, err)
	}
	if err := os.WriteFile(s.path(".pid"), fmt.Appendln(nil, cmd.Process.Pid), 0o600); err != nil {
		return errors.Join(err, c.stop(syscall.SIGKILL, stopTimeout))
	}

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var answer error
	err = until(ctx, func() (bool, error) {
		if c.ended() {
			return false, errors.New("it exited at once")
		}
		answer = s.ready(ctx)
		return answer == nil, nil
	})
	if err != nil {
		stopErr := c.stop(s.stopSignal, stopTimeout)
		return errors.Join(fmt.Errorf("%s did not start: %w%s", s.title, err, output.tail()), answer, stopErr)
	}
	s.log.Debug(s.title+" started", "pid", cmd.Process.Pid, "dir", s.dir)
	s.child, s.halt = c, make(chan struct{})
	go s.keep(c, s.halt)
	return nil
}

// keep starts the server again when it died without being asked to.
func (s *Server) keep(c *child, halt chan struct{}) {
	<-c.done
	for again := true; again; {
		select {
		case <-halt:
			return
		case <-time.After(restartDelay):
		}
		again = s.revive(c, halt)
	}
}

// revive starts the server again after a crash and reports whether to try again.
func (s *Server) revive(dead *child, halt chan struct{}) (again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-halt:
		return false
	default:
	}
	s.log.Error(s.title+" exited and is being restarted", "err", dead.err, "log", s.path(".log"))
	if err := s.run(context.Background()); err != nil {
		s.log.Error(s.title+" cannot be restarted", "err", err)
		return true
	}
	return false
}

// Stop shuts the server down cleanly and returns when it has exited.
func (s *Server) Stop() error { return s.end(s.stopSignal) }

// Kill ends the server as a crash would.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

func (s *Server) end(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return nil
	}
	close(s.halt)
	c := s.child
	s.child = nil
	children, _ := childrenOf(c.cmd.Process.Pid)
	err := c.stop(sig, stopTimeout)
	for _, child := range children {
		_ = syscall.Kill(child, syscall.SIGKILL) // one that is paused never notices that the server is gone
	}
	return err
}

func (s *Server) close() error {
	return errors.Join(s.Stop(), s.owner.Close())
}

// lockFiles takes the lock that every process of the server holds. An owner that was killed leaves servers behind that are still
// ending: they are asked once more and waited for, since two of them on one folder would spoil it.
func (s *Server) lockFiles(ctx context.Context) (lock *os.File, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	asked := false
	err = until(ctx, func() (bool, error) {
		lock, err = tryLock(s.path(".lock"))
		if lock == nil && err == nil && !asked {
			asked = true
			s.signalLeftover()
		}
		return lock != nil, err
	})
	if err != nil {
		return nil, fmt.Errorf("a %s of an earlier parley is still running on %s: %w", s.title, s.dir, err)
	}
	return lock, nil
}

func (s *Server) signalLeftover() {
	text, err := os.ReadFile(s.path(".pid"))
	if err != nil {
		return
	}
	var pid int
	if _, err := fmt.Sscan(string(text), &pid); err == nil && pid > 1 {
		_ = syscall.Kill(pid, s.stopSignal)
	}
}

func (s *Server) path(ending string) string { return filepath.Join(s.dir, s.name+ending) }
