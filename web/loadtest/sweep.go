package main

import (
	"context"
	"fmt"
	"time"

	"parley/models"
)

// measureSweep measures a sweep for idle chats among many active chats that are not idle, with a large number of ended chats in the table.
// It calls the desk directly, as the worker does every few seconds.
func measureSweep(ctx context.Context, b *bench) error {
	ended, active := b.opts.size(1_000_000, 2000), b.opts.size(10_000, 100)
	const userCount, agentsN = 100_000, 500
	database, err := b.seeded(ctx, agents(agentsN, 25, active/agentsN), endedChats(ended, userCount, agentsN, "2 s"),
		activeChats(1, active, agentsN, 1))
	if err != nil {
		return err
	}
	settings := models.DefaultSettings()
	settings.IdleWarning, settings.IdleTimeout = 12*time.Hour, 24*time.Hour
	desk, closeDesk, err := b.openDesk(ctx, database, settings)
	if err != nil {
		return err
	}
	defer closeDesk()
	var took []float64
	for n := range 4 * b.opts.rounds {
		began := time.Now()
		if _, err := desk.SweepIdle(ctx); err != nil {
			return err
		}
		if n >= b.opts.rounds { // the first ones are the warm-up
			took = append(took, milliseconds(time.Since(began)))
		}
	}
	b.table.atMost("idle sweep", "ms", sampleOf(took...), 20,
		fmt.Sprintf("%d ended and %d active chats, none of them idle for long enough", ended, active))
	return nil
}
