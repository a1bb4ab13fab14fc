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

// tick is the unit in which the kernel tells the time that a process has used (USER_HZ).
const tick = 10 * time.Millisecond

// usage is the processor time that the parts of one contestant have used.
type usage struct{ server, postgres, redis time.Duration }

func (u usage) total() time.Duration { return u.server + u.postgres + u.redis }

func (u usage) since(before usage) usage {
	return usage{u.server - before.server, u.postgres - before.postgres, u.redis - before.redis}
}

// each is the time for one of n, in milliseconds by part.
func (u usage) each(n int) string {
	part := func(d time.Duration) string { return figure(milliseconds(d) / float64(max(1, n))) }
	return fmt.Sprintf("program %s, PostgreSQL %s, Redis %s ms", part(u.server), part(u.postgres), part(u.redis))
}

// used reads what some servers, PostgreSQL with all its backends, and Redis have used so far.
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

// processes are those that run, by their number.
type processes map[int]struct {
	parent int
	used   time.Duration // by itself, and by those of its children that have ended
}

func readProcesses() (processes, error) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	if len(files) == 0 {
		return nil, errors.New("processor time is read from /proc, which is not here: run it on Linux")
	}
	all := processes{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		// The name of the program stands in brackets and may hold anything.
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

// tree is what a process and everything below it have used.
func (all processes) tree(pid int) time.Duration {
	sum := all[pid].used
	for child, p := range all {
		if p.parent == pid {
			sum += all.tree(child)
		}
	}
	return sum
}
