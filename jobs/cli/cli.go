// Package cli has the command line of parley: the settings, the desk of a command, and the commands, each of which is
// one call of the desk and a few lines of output. Running the program with the address of the database is proof enough:
// commands act as an administrator named console.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"parley/migrations"
	"parley/models"
)

// operator is the actor of commands in the audit log.
var operator = models.Actor{Kind: models.KindAgent, ID: "console", Role: models.RoleAdmin}

// Serve is `parley serve`.
type Serve struct {
	Role string `enum:"all,web,worker" default:"all" help:"Which part to run: all, web or worker."`
}

// Help adds the environment to what `parley serve --help` prints.
func (Serve) Help() string { return EnvironmentHelp() }

// Agent is `parley agent …`.
type Agent struct {
	Add struct {
		Email         string   `required:"" help:"E-mail address for signing in. Upper and lower case are the same."`
		Name          string   `required:"" help:"Name shown to users."`
		Role          string   `enum:"agent,supervisor,admin" default:"agent" help:"Role: agent, supervisor or admin."`
		Max           int      `default:"5" help:"Capacity: chats at the same time, 0 to 100."`
		MaxMessages   int      `default:"10" help:"Messages at the same time, 0 to 100."`
		Department    []string `help:"Short name of a department. Can be repeated."`
		PasswordStdin bool     `required:"" help:"Read the password from standard input."`
	} `cmd:"" help:"Add an agent and print the new id."`
	List    struct{} `cmd:"" help:"List all agents."`
	Disable struct {
		Email string `required:"" help:"E-mail address of the agent."`
	} `cmd:"" help:"Disable an agent: sign them out and return their chats to the queue."`
	Passwd struct {
		Email         string `required:"" help:"E-mail address of the agent."`
		PasswordStdin bool   `required:"" help:"Read the password from standard input."`
	} `cmd:"" help:"Set a new password and sign the agent out everywhere."`
	ResetSecondFactor struct {
		Email string `required:"" help:"E-mail address of the agent."`
	} `cmd:"" help:"Turn off two-factor authentication for an agent who lost access, and sign them out everywhere." name:"reset-2fa"`
}

// Run runs the subcommand, such as "add".
func (a *Agent) Run(ctx context.Context, command string, desk *models.Desk, in io.Reader, out io.Writer) error {
	switch command {
	case "add":
		password, err := readPassword(in)
		if err != nil {
			return err
		}
		added, err := desk.AddAgent(ctx, operator, models.NewAgent{
			Email:         a.Add.Email,
			Name:          a.Add.Name,
			Role:          models.Role(a.Add.Role),
			Password:      password,
			MaxConcurrent: a.Add.Max,
			ExactCapacity: true,
			MaxMessages:   &a.Add.MaxMessages,
			Departments:   a.Add.Department,
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, added.ID)
		return err
	case "disable":
		found, err := desk.AgentByEmail(ctx, a.Disable.Email)
		if err != nil {
			return err
		}
		disabled := true
		_, err = desk.UpdateAgent(ctx, operator, found.ID, models.AgentChange{Disabled: &disabled})
		return err
	case "passwd":
		password, err := readPassword(in)
		if err != nil {
			return err
		}
		found, err := desk.AgentByEmail(ctx, a.Passwd.Email)
		if err != nil {
			return err
		}
		return desk.SetPassword(ctx, operator, found.ID, password)
	case "reset-2fa":
		found, err := desk.AgentByEmail(ctx, a.ResetSecondFactor.Email)
		if err != nil {
			return err
		}
		return desk.ResetSecondFactor(ctx, operator, found.ID)
	}
	agents, err := desk.Agents(ctx)
	if err != nil {
		return err
	}
	return table(out, "ID\tEMAIL\tNAME\tROLE\tPRESENCE\tLOAD\tMESSAGES\tDEPARTMENTS", func(row func(string, ...any)) {
		for _, a := range agents {
			presence := string(a.Presence)
			if a.DisabledAt != nil {
				presence = "disabled"
			}
			row(
				"%s\t%s\t%s\t%s\t%s\t%d/%d\t%d/%d\t%s",
				a.ID,
				a.Email,
				a.Name,
				a.Role,
				presence,
				a.Load,
				a.MaxConcurrent,
				a.MessageLoad,
				a.MaxMessages,
				strings.Join(a.Departments, ","),
			)
		}
	})
}

// readPassword reads the first line of in.
func readPassword(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// table writes rows in aligned columns. The columns of head and of each format are separated by tabs.
func table(out io.Writer, head string, rows func(row func(format string, args ...any))) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	rows(func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) })
	return w.Flush()
}

// Department is `parley department …`.
type Department struct {
	Add struct {
		Slug string `required:"" help:"Short name: lower-case letters, digits and hyphens."`
		Name string `required:"" help:"Name shown to people."`
	} `cmd:"" help:"Add a department."`
	List struct{} `cmd:"" help:"List the departments."`
}

// Run runs the subcommand, such as "add".
func (d *Department) Run(ctx context.Context, command string, desk *models.Desk, out io.Writer) error {
	if command == "add" {
		added, err := desk.AddDepartment(ctx, operator, d.Add.Slug, d.Add.Name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, added.Slug)
		return err
	}
	departments, err := desk.Departments(ctx)
	if err != nil {
		return err
	}
	return table(out, "SLUG\tNAME", func(row func(string, ...any)) {
		for _, d := range departments {
			row("%s\t%s", d.Slug, d.Name)
		}
	})
}

// Migrate is `parley migrate …`.
type Migrate struct {
	Up struct {
		Plan bool `help:"Change nothing: print what would run, what it would lock and what it would read and write meanwhile."`
		JSON bool `help:"Print the plan as JSON." name:"json"`
	} `cmd:"" help:"Apply all pending migrations."`
	Down struct {
		All bool `help:"Revert all migrations."`
	} `cmd:"" help:"Revert the last migration."`
	Partition struct {
		Plan bool `help:"Change nothing: print what would run, what it would lock and what it would read and write meanwhile."`
		JSON bool `help:"Print the plan as JSON." name:"json"`
	} `cmd:"" help:"Divide the messages of an older installation by month, while it is used. New ones have them by month."`
	Status struct{} `cmd:"" help:"List applied and pending migrations."`
}

// Run runs the subcommand, such as "up".
func (m *Migrate) Run(ctx context.Context, command string, desk *models.Desk, out io.Writer) error {
	db := desk.DB().DB
	switch command {
	case "up":
		if m.Up.Plan {
			plan, err := migrations.PlanUp(ctx, db)
			if err != nil {
				return err
			}
			return printPlan(plan, m.Up.JSON, out)
		}
		return migrations.Up(ctx, db, out)
	case "partition":
		if m.Partition.Plan {
			plan, err := migrations.PlanPartition(ctx, db)
			if err != nil {
				return err
			}
			return printPlan(plan, m.Partition.JSON, out)
		}
		if err := migrations.Partition(ctx, db, out); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, "The messages are in partitions by month. Start no earlier release on this database any more.")
		return err
	case "down":
		return migrations.Down(ctx, db, m.Down.All, out)
	}
	state, err := migrations.Status(ctx, db)
	if err != nil {
		return err
	}
	return table(out, "STATE\tSTEP", func(row func(string, ...any)) {
		for _, step := range state.Applied {
			if slices.Contains(state.Ahead, step) {
				row("applied by a newer release\t%s", step)
			} else {
				row("applied\t%s", step)
			}
		}
		for _, step := range state.Pending {
			row("pending\t%s", step)
		}
	})
}

// Token is `parley token`.
type Token struct {
	User  string        `required:"" help:"The user's id, at most 64 characters."`
	Name  string        `            help:"The user's name."`
	Email string        `            help:"The user's e-mail address."`
	TTL   time.Duration `            help:"Lifetime of the token, at most 24h."   default:"1h"`
}

// Run prints a user token signed with secret.
func (t *Token) Run(secret []byte, out io.Writer) error {
	signed, err := SignUserToken(secret, t.User, t.Name, t.Email, nil, t.TTL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, signed)
	return err
}

// SignUserToken returns a user token as a host site makes it: HS256 with the shared key, the claims sub and exp, and
// name, email and attributes unless they are empty. It refuses a user id that does not have 1 to 64 characters, text that
// is not UTF-8, and a lifetime that is not positive or exceeds 24 hours. The attributes are not checked.
func SignUserToken(secret []byte, user, name, email string, attributes models.Attributes, ttl time.Duration) (string, error) {
	if n := utf8.RuneCountInString(user); n == 0 || n > 64 || ttl <= 0 || ttl > models.MaxUserTokenTTL {
		return "", errors.New("the user id must have 1 to 64 characters, and the lifetime must be more than 0 and at most 24h")
	}
	for what, text := range map[string]string{"user id": user, "name": name, "e-mail address": email} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) { // signing would replace the bytes
			return "", fmt.Errorf("the %s is not valid UTF-8 text", what)
		}
	}
	now := time.Now()
	claims := jwt.MapClaims{"sub": user, "exp": now.Add(ttl).Unix(), "iat": now.Unix()}
	for claim, value := range map[string]string{"name": name, "email": email} {
		if value != "" {
			claims[claim] = value
		}
	}
	if len(attributes) > 0 {
		claims["attributes"] = attributes
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
}
