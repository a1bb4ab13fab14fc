package faults_test

import (
	"testing"
	"time"
)

// TestKilledInstances: a process may be killed at any instruction.
func TestKilledInstances(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.crowd(form(10, 50), form(4, 12), 2, form(100*time.Millisecond, 400*time.Millisecond))
	for n := range form(3, 10) {
		if !pause(t.Context(), form(time.Second, 3*time.Second)) {
			break
		}
		p.instances[n%2].kill()
		p.instances[n%2].start()
	}
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}

// mustNotFail: nobody was told that something is broken.
func (p *plant) mustNotFail(t *testing.T, during span) {
	t.Helper()
	wrong := complaints{}
	for _, c := range p.ledger.during(during, "") {
		if c.failed() {
			wrong.add("%s at instance %d: %d %s", c.kind, c.instance, c.status, c.code)
		}
	}
	wrong.report(t)
}
