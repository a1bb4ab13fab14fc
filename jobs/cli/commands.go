package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Commands is the command line of parley, as kong reads it.
type Commands struct {
	Serve       Serve       `cmd:"" help:"Serve pages, API and live events, and run scheduled tasks."`
	Run         struct{}    `cmd:"" help:"Migrate, add sample data and serve, for trying Parley out."`
	Config      Config      `cmd:"" help:"Show and check the settings."`
	Migrate     Migrate     `cmd:"" help:"Change the database schema. No other command does."`
	Move        Move        `cmd:"" help:"Copy everything in the database to another PostgreSQL."`
	Files       Files       `cmd:"" help:"Copy the files of messages."`
	Agent       Agent       `cmd:"" help:"Manage agents."`
	Department  Department  `cmd:"" help:"Manage departments."`
	Export      Export      `cmd:"" help:"Write chats, messages, ratings, wrap-ups and presence as NDJSON."`
	User        User        `cmd:"" help:"Export or erase the data of a user."`
	Mail        Mail        `cmd:"" help:"Receive replies by e-mail."`
	Healthcheck HealthCheck `cmd:"" help:"Ask the Parley on this machine whether it is ready. Exits 1 if it is not."`
	Check       Check       `cmd:"" help:"Check the invariants of the database. Exits 1 if one is violated."`
	Demo        struct {
		Live   bool          `help:"Run sample chats against a running Parley through its public API."`
		URL    string        `help:"Address of that Parley." default:"http://localhost:8080"`
		For    time.Duration `help:"Duration of the sample chats." default:"5m"`
		Users  int           `help:"Number of users at the same time." default:"12"`
		Agents int           `help:"Number of sample agents." default:"3"`
	} `cmd:"" help:"Add sample agents, users and conversations."`
	Token   Token   `cmd:"" help:"Print a signed user token, for trying the API."`
	Version Version `cmd:"" help:"Print version, commit, Go version, and the schema that the program needs."`
}

// Parse reads the arguments of the program. It returns them with the name of the command, such as "agent add". The error
// of an argument that cannot be used is printed to stderr with the usage.
func Parse(args []string, stdout, stderr io.Writer) (*Commands, string, error) {
	c := new(Commands)
	parser, err := kong.New(c, kong.Name("parley"), kong.Description("Self-hosted live chat for customer service."),
		kong.Writers(stdout, stderr), kong.UsageOnError(), kong.Bind(c))
	if err != nil {
		panic(err) // a mistake in Commands, which no arguments can cause
	}
	call, err := parser.Parse(args)
	if err != nil {
		parser.Errorf("%s", err)
		return nil, "", err
	}
	return c, call.Command(), nil
}

// Dispatch runs the commands that need nothing but the settings and a desk: all but version, serve, run, demo, check, move, files and
// mail deliver. Except
// for token and migrate, the schema must be up to date; if it is not, the error is a [SchemaBehindError].
func (c *Commands) Dispatch(ctx context.Context, p *Program, command string) error {
	command, rest, _ := strings.Cut(command, " ")
	switch command {
	case "token":
		secret, err := p.Env.UserSecret()
		if err != nil {
			return err
		}
		return c.Token.Run(secret, p.Stdout)
	case "migrate":
		desk, err := p.Desk(ctx)
		if err != nil {
			return err
		}
		return c.Migrate.Run(ctx, rest, desk, p.Stdout)
	}
	desk, err := p.ReadyDesk(ctx)
	if err != nil {
		return err
	}
	switch command {
	case "export":
		return c.Export.Run(ctx, desk, p.Stdout)
	case "user":
		return c.User.Run(ctx, rest, desk, p.Stdout)
	case "agent":
		return c.Agent.Run(ctx, rest, desk, p.Stdin, p.Stdout)
	case "mail":
		return c.Mail.Run(ctx, rest, desk)
	case "department":
		return c.Department.Run(ctx, rest, desk, p.Stdout)
	}
	return fmt.Errorf("there is no command %s", command)
}
