package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"text/tabwriter"
	"time"

	"parley/models"
)

// admin is the actor of Seed in the audit log: a command, not an agent.
var admin = models.Actor{Kind: models.KindAgent, ID: "demo", Role: models.RoleAdmin}

// Seed adds the sample departments, agents, canned replies, outcomes, tags and chats of the past day and writes the accounts to out.
// Existing rows are not changed, so running it again, or twice at once, adds nothing.
func Seed(ctx context.Context, desk *models.Desk, out io.Writer) error {
	for _, d := range departments {
		if _, err := desk.AddDepartment(ctx, admin, d.Slug, d.Name); err != nil && !errors.Is(err, models.ErrDepartmentTaken) {
			return fmt.Errorf("add the department %s: %w", d.Slug, err)
		}
	}
	agents, err := seedAgents(ctx, desk)
	if err != nil {
		return err
	}
	if err := seedCannedReplies(ctx, desk, &agents[0]); err != nil {
		return err
	}
	if err := seedWrapUpOptions(ctx, desk); err != nil {
		return err
	}
	reasons, err := desk.RatingReasons(ctx)
	if err != nil {
		return fmt.Errorf("read the reasons for ratings: %w", err)
	}
	past := newHistory(agents, reasons, time.Now().UTC())
	if err := past.store(ctx, desk); err != nil {
		return fmt.Errorf("store the sample conversations: %w", err)
	}
	return PrintAccounts(out)
}

// seedAgents adds the accounts and returns those with the role agent.
func seedAgents(ctx context.Context, desk *models.Desk) ([]models.Agent, error) {
	var agents []models.Agent
	for _, account := range accounts {
		a, err := desk.AgentByEmail(ctx, account.Email)
		if errors.Is(err, models.ErrAgentNotFound) {
			a, err = desk.AddAgent(ctx, admin, models.NewAgent{
				Email: account.Email, Name: account.Name, Password: Password, Role: account.Role,
				MaxConcurrent: account.MaxConcurrent, Departments: account.Departments,
			})
		}
		if errors.Is(err, models.ErrEmailTaken) { // another seed was faster
			a, err = desk.AgentByEmail(ctx, account.Email)
		}
		if err != nil {
			return nil, fmt.Errorf("add %s: %w", account.Email, err)
		}
		if account.Role == models.RoleAgent {
			agents = append(agents, *a)
		}
	}
	return agents, nil
}

// PrintAccounts writes the sample accounts and their password as a table.
func PrintAccounts(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, a := range accounts {
		played := ""
		if a.Scripted {
			played = "played by demo --live"
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", a.Role, a.Email, Password, played)
	}
	return table.Flush()
}

// dayOfSamples returns a plausible past day of the queue, minute by minute: busy before noon and in the afternoon, idle at night.
func dayOfSamples(now time.Time) []models.MinuteSample {
	rng := rand.New(rand.NewPCG(20, 26))
	const day = 24 * 60
	rows := make([]models.MinuteSample, 0, day)
	waiting, load := 0, 0
	for i := range day {
		minute := now.Truncate(time.Minute).Add(time.Duration(i-day) * time.Minute)
		demand := demandAt(minute)
		online := 0
		if demand > 0 {
			online = 2 + int(demand*5)
		}
		capacity := online * 4
		load = max(0, min(capacity, load+rng.IntN(5)-2+int(demand*4)-load/6))
		waiting = max(0, waiting+rng.IntN(3)-1)
		if capacity == 0 || load < capacity*3/5 {
			waiting = max(0, waiting-2)
		}
		waiting = min(waiting, 1+int(demand*8))
		if demand == 0 {
			waiting, load = 0, 0
		}
		longest := 0
		if waiting > 0 {
			longest = 12 + waiting*22 + rng.IntN(25)
		}
		rows = append(rows, models.MinuteSample{
			Minute: minute, Waiting: waiting, LongestWaitSeconds: longest, AgentsOnline: online, Load: load,
			Capacity: capacity,
		})
	}
	return rows
}

// demandAt returns how busy a minute is, from 0 to 1: two peaks between 7:00 and 22:00 UTC, 0 at night.
func demandAt(at time.Time) float64 {
	hour := float64(at.Hour()) + float64(at.Minute())/60
	if hour < 7 || hour >= 22 {
		return 0
	}
	peak := func(center, width float64) float64 { return max(0, 1-(hour-center)*(hour-center)/(width*width)) }
	return min(1, 0.15+0.8*peak(10.5, 2.5)+0.7*peak(16, 3))
}
