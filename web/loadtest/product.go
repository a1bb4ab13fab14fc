package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/models"
)

const (
	ofUser      = "/api/user/customer-service"
	ofAgent     = "/api/customer-service"
	password    = "correct horse battery staple"
	tokenSecret = "a secret for the load test of sufficient length"
)

// serveProduct starts an instance of the program on a database, with default settings except for rate limits that the load must not
// reach. The limiter still counts.
func (b *bench) serveProduct(ctx context.Context, database string, environ ...string) (*process, error) {
	environ = append([]string{
		"DATABASE_URL=" + b.databaseURL(database), "REDIS_URL=" + b.services.running.RedisURL, "USER_TOKEN_SECRET=" +
			tokenSecret,
		"PARLEY_DIR=" + b.dir, "RATE_SEND=100000", "RATE_END=100000", "RATE_LOGIN=100000",
	}, environ...)
	profiles, err := b.freeAddr()
	if err != nil {
		return nil, err
	}
	p, err := b.launch(ctx, "parley", b.binary, []string{"serve"}, append(environ, "PPROF_ADDR="+profiles)...)
	if err != nil {
		return nil, err
	}
	p.profiles = profiles
	for { // the pprof server starts shortly after the main one
		if _, err = p.profile(ctx, ""); err == nil || pause(ctx, 20*time.Millisecond) != nil {
			return p, err
		}
	}
}

// newProductTarget starts an instance of the program and opens chats on it, each between a signed-in user and a signed-in agent with open
// streams.
func (b *bench) newProductTarget(ctx context.Context, database string, chats int) (*target, error) {
	server, err := b.serveProduct(ctx, database)
	if err != nil {
		return nil, err
	}
	c := &target{name: "parley", server: server}
	agents, err := b.onlineAgents(ctx, server.addr, database, chats, 1)
	if err != nil {
		return nil, err
	}
	for i := range chats {
		opened, err := openChat(ctx, server.addr, i, agents)
		if err != nil {
			return nil, err
		}
		c.chats = append(c.chats, opened)
	}
	return c, c.openStreams(ctx)
}

// openDesk returns a desk on a database, without a publisher, for what is called directly, and the function that closes both.
func (b *bench) openDesk(ctx context.Context, database string, settings models.Settings) (*models.Desk, func(), error) {
	db, err := models.Open(ctx, b.databaseURL(database))
	if err != nil {
		return nil, nil, err
	}
	desk := models.NewDesk(db, settings, slog.New(slog.DiscardHandler))
	return desk, func() { desk.Close(); _ = db.Close() }, nil
}

// onlineAgents adds n agents with the given capacity, signs them in, sets them online and returns their tokens by agent id.
func (b *bench) onlineAgents(ctx context.Context, addr, database string, n, capacity int) (map[string]string, error) {
	desk, closeDesk, err := b.openDesk(ctx, database, models.DefaultSettings())
	if err != nil {
		return nil, err
	}
	defer closeDesk()
	root := models.Actor{Kind: models.KindAgent, ID: "bench", Role: models.RoleAdmin}
	type signedIn struct{ id, token string }
	all := make(chan signedIn, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i := range n {
		group.Go(func() error {
			email := fmt.Sprintf("measured%d@example.com", i) // unlike those of seeded agents
			a, err := desk.AddAgent(ctx, root, models.NewAgent{
				Email: email, Name: fmt.Sprint("Agent ", i), Password: password,
				Role: models.RoleAgent, MaxConcurrent: capacity,
			})
			if err != nil {
				return err
			}
			var session struct{ Token string }
			err = callAPI(
				ctx,
				addr,
				request{"POST", ofAgent + "/login", ""},
				map[string]string{"email": email, "password": password},
				&session,
			)
			if err == nil {
				err = callAPI(ctx, addr, request{"POST", ofAgent + "/online", session.Token}, nil, nil)
			}
			all <- signedIn{a.ID, session.Token}
			return err
		})
	}
	err = group.Wait()
	close(all)
	tokens := map[string]string{}
	for a := range all {
		tokens[a.id] = a.token
	}
	return tokens, err
}

// openChat creates a user and requests an agent, who is assigned immediately. It returns an error if the user has to wait.
func openChat(ctx context.Context, addr string, number int, agents map[string]string) (*chat, error) {
	return openBy(ctx, addr, addr, number, agents, ofUser+"/assign", nil)
}

// openAcross is openChat with the user and the agent at different instances.
func openAcross(ctx context.Context, userAddr, agentAddr string, number int, agents map[string]string) (*chat, error) {
	return openBy(ctx, userAddr, agentAddr, number, agents, ofUser+"/assign", nil)
}

// leaveMessage is openChat for a user who leaves a message with an e-mail address.
func leaveMessage(ctx context.Context, addr string, number int, agents map[string]string) (*chat, error) {
	return openBy(ctx, addr, addr, number, agents, "/api/user/message", map[string]string{
		"message": messageText, "email": fmt.Sprintf("user%d@example.com", number),
	})
}

// openBy creates a user whose request at a path opens a chat.
func openBy(ctx context.Context, addr, agentAddr string, number int, agents map[string]string, path string, body any) (*chat, error) {
	var session struct{ Token string }
	if err := callAPI(ctx, addr, request{"POST", "/api/user/session", ""}, nil, &session); err != nil {
		return nil, err
	}
	var got struct {
		Chat struct {
			ID      string `json:"chat_id"`
			AgentID string `json:"service_id"`
		}
	}
	if err := callAPI(ctx, addr, request{"POST", path, session.Token}, body, &got); err != nil {
		return nil, err
	}
	token, ok := agents[got.Chat.AgentID]
	if !ok {
		return nil, errors.New("a user waits although an agent has free capacity")
	}
	messages := "/chats/" + got.Chat.ID + "/messages"
	return &chat{number: number, sides: [2]*side{
		newSide('u', number, addr, request{"POST", ofUser + messages, session.Token}, request{"GET", ofUser + "/events", session.Token}),
		newSide('a', number, agentAddr, request{"POST", ofAgent + messages, token}, request{"GET", ofAgent + "/events", token}),
	}}, nil
}
