package embedded

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Pause stops the server's processes where they are: connections stay open and nothing answers. For tests of faults; Linux only.
func (s *Server) Pause() error { return s.signalAll(syscall.SIGSTOP) }

// Resume continues a paused server.
func (s *Server) Resume() error { return s.signalAll(syscall.SIGCONT) }

// signalAll reaches PostgreSQL's sessions too, which have process groups of their own.
func (s *Server) signalAll(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return os.ErrProcessDone
	}
	pid := s.child.cmd.Process.Pid
	if err := syscall.Kill(pid, sig); err != nil {
		return err
	}
	children, err := childrenOf(pid)
	for _, child := range children {
		_ = syscall.Kill(child, sig) // it may just have ended
	}
	return err
}

// childrenOf returns the processes that a process has started. It is an error where there is no /proc.
func childrenOf(pid int) ([]int, error) {
	listed, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	var children []int
	for _, field := range strings.Fields(string(listed)) {
		var child int
		if _, err := fmt.Sscan(field, &child); err != nil {
			return nil, err
		}
		children = append(children, child)
	}
	return children, nil
}
