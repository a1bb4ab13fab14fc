package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/models"
)

// Options of [Live].
type Options struct {
	BaseURL string        // of a running Parley that was seeded
	Users   int           // how many sample users at once; 12 if 0
	Agents  int           // how many sample agents; 3 if 0, and never more than there are
	For     time.Duration // how long; 5 minutes if 0
	Log     *slog.Logger  // nil disables logging
	// Token, if not nil, signs a token for a user of that id, name and attributes, as a host site would. Without it all
	// users are anonymous.
	Token func(id, name string, attributes models.Attributes) (string, error)
	// Speed is a factor on the pace of real users and agents; 1 if 0.
	Speed float64
}

// signOutTimeout is how long users have to end their chats and agents to sign out.
const signOutTimeout = 15 * time.Second

// simulation is what the sample users and agents of one run share.
type simulation struct {
	Options
	pace      pace
	http      *http.Client
	freeUsers chan person // users who are in no chat, since none is in two
	done      struct{ chats, answers, left atomic.Int64 }
}

// Live simulates sample users and agents who chat through the public endpoints: users ask, wait, answer, rate, leave or become idle; agents
// go online, answer at a human pace, and end chats. When the time is over or ctx is done, users end the chats that they started and agents
// go offline. The errors are for the operator: the server does not respond, or the sample accounts are missing.
func Live(ctx context.Context, opts Options) error {
	st := newSimulation(opts)
	defer st.http.CloseIdleConnections()
	agents, err := st.signIn(ctx)
	if err != nil {
		return err
	}
	st.Log.Info("sample chats started", "users", st.Users, "agents", len(agents), "for", st.For)

	// Agents stay until the last user has left.
	agentsCtx, stopAgents := context.WithCancel(context.WithoutCancel(ctx))
	defer stopAgents()
	var agentGroup, userGroup errgroup.Group
	for _, a := range agents {
		agentGroup.Go(func() error { return a.work(agentsCtx) })
	}
	usersCtx, stopUsers := context.WithTimeout(ctx, st.For)
	defer stopUsers()
	for i := range st.Users {
		userGroup.Go(func() error { return st.runVisits(usersCtx, i) })
	}
	err = userGroup.Wait()
	stopAgents()
	err = errors.Join(err, agentGroup.Wait())
	st.Log.Info(
		"sample chats finished",
		"chats",
		st.done.chats.Load(),
		"answers",
		st.done.answers.Load(),
		"left_waiting",
		st.done.left.Load(),
	)
	return err
}

func newSimulation(opts Options) *simulation {
	if opts.Users <= 0 {
		opts.Users = 12
	}
	if opts.Agents <= 0 {
		opts.Agents = 3
	}
	if opts.For <= 0 {
		opts.For = 5 * time.Minute
	}
	if opts.Speed <= 0 {
		opts.Speed = 1
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.BaseURL = strings.TrimSuffix(opts.BaseURL, "/")
	st := &simulation{Options: opts, pace: pace(opts.Speed), freeUsers: make(chan person, len(people))}
	st.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, ResponseHeaderTimeout: 20 * time.Second}}
	for _, i := range rand.Perm(len(people)) {
		st.freeUsers <- people[i]
	}
	return st
}

func (st *simulation) signIn(ctx context.Context) ([]*sampleAgent, error) {
	var players []*sampleAgent
	for _, account := range scripted()[:min(st.Agents, len(scripted()))] {
		p, err := st.newSampleAgent(ctx, account)
		switch {
		case codeOf(err) == "wrong_credentials":
			return nil, fmt.Errorf(
				"%s cannot sign in at %s: run `parley demo` first, it adds the sample accounts",
				account.Email,
				st.BaseURL,
			)
		case err != nil:
			return nil, fmt.Errorf("sign in %s at %s: %w", account.Email, st.BaseURL, err)
		}
		players = append(players, p)
	}
	if n := len(players); n > 1 { // one at most rests while the others take the chats
		players[n-1].schedule(breakDuty, breakAfter)
	}
	return players, nil
}

// runVisits runs one visit after the other until ctx ends.
func (st *simulation) runVisits(ctx context.Context, n int) error {
	// Not all at once: the first within seconds, the last within a minute.
	if !sleep(ctx, st.pace.about(time.Duration(n)*4*time.Second)) {
		return nil
	}
	for ctx.Err() == nil {
		if err := st.runVisit(ctx); err != nil && ctx.Err() == nil {
			if codeOf(err) != "" {
				return fmt.Errorf("a sample user was refused: %w", err)
			}
			st.Log.Warn("sample user failed", "error", err)
		}
		st.pace.pause(ctx, 20*time.Second)
	}
	return nil
}
