package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit in which the kernel reports the CPU time of a process (USER_HZ).
const tick = 10 * time.Millisecond

// usage is the CPU time used by the parts of one target.
type usage struct{ server, postgres, redis time.Duration }

func (u usage) total() time.Duration { return u.server + u.postgres + u.redis }

func (u usage) since(before usage) usage {
	return usage{u.server - before.server, u.postgres - before.postgres, u.redis - before.redis}
}

// perItem formats the time per item for n items, in milliseconds for each part.
func (u usage) perItem(n int) string {
	part := func(d time.Duration) string { return figure(milliseconds(d) / float64(max(1, n))) }
	return fmt.Sprintf("program %s, PostgreSQL %s, Redis %s ms", part(u.server), part(u.postgres), part(u.redis))
}

// used returns the CPU time that the servers, PostgreSQL with all its backends, and Redis have used so far.
func (b *bench) used(servers ...*process) (usage, error) {
	all, err := readProcesses()
	if err != nil {
		return usage{}, err
	}
	u := usage{postgres: all.tree(b.services.postgres), redis: all.tree(b.services.redis)}
	for _, p := range servers {
		u.server += all.tree(p.pid())
	}
	return u, nil
}

// processes are the running processes by process id.
type processes map[int]struct {
	parent int
	used   time.Duration // of the process and of its children that have ended
}

func readProcesses() (processes, error) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	if len(files) == 0 {
		return nil, errors.New("CPU time is read from /proc, which does not exist here: run the benchmark on Linux")
	}
	all := processes{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the process has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		// The name of the program is in parentheses and may contain any character.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) < 15 {
			continue
		}
		p := all[pid]
		p.parent, _ = strconv.Atoi(fields[1])
		for _, ticks := range fields[11:15] { // utime, stime, cutime, cstime
			n, _ := strconv.Atoi(ticks)
			p.used += time.Duration(n) * tick
		}
		all[pid] = p
	}
	return all, nil
}

// tree returns the CPU time of a process and all its descendants.
func (all processes) tree(pid int) time.Duration {
	sum := all[pid].used
	for child, p := range all {
		if p.parent == pid {
			sum += all.tree(child)
		}
	}
	return sum
}
