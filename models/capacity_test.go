package models_test

import (
	"strings"
	"testing"

	"parley/models"
)

// An agent without capacity is added in one transaction: the log has no second row for the capacity.
func TestAPersonWithoutCapacityIsAddedAtOnce(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.told()
	none, err := h.AddAgent(
		t.Context(),
		admin,
		models.NewAgent{Email: "none@example.com", Name: "none", Password: "correct horse", Role: models.RoleAgent, ExactCapacity: true},
	)
	h.must(err)
	if none.MaxConcurrent != 0 {
		t.Errorf("the capacity is %d, want 0", none.MaxConcurrent)
	}
	if told := h.told(); len(told) != 1 || !strings.Contains(told[0], string(models.AuditAgentAdded)) {
		t.Errorf("the log tells %q", told)
	}
	usual, err := h.AddAgent(
		t.Context(),
		admin,
		models.NewAgent{Email: "usual@example.com", Name: "usual", Password: "correct horse", Role: models.RoleAgent},
	)
	h.must(err)
	if usual.MaxConcurrent != 5 {
		t.Errorf("the usual capacity is %d, want 5", usual.MaxConcurrent)
	}
}
