package cli

import "time"

// HealthCheck is `parley healthcheck`. The image has no shell, so this is what its orchestrator runs.
type HealthCheck struct {
	Timeout time.Duration `help:"How long the answer may take." default:"3s"`
}
