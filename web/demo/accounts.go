package demo

import (
	"fmt"
	"io"

	"parley/models"
)

// Password is the one password of all sample accounts.
const Password = "kestrel-demo"

// Account is one sample agent.
type Account struct {
	Email, Name   string
	Role          models.Role
	MaxConcurrent int
	Departments   []string
	// Scripted marks the agents that [Live] plays; the others are for visitors who try Parley.
	Scripted bool
}

const (
	cards    = "cards"
	payments = "payments"
)

var departments = []models.Department{{Slug: cards, Name: "Cards"}, {Slug: payments, Name: "Payments"}}

var accounts = []Account{
	{Email: "anna@example.com", Name: "Anna Lindqvist", Role: models.RoleAgent, MaxConcurrent: 5, Departments: []string{cards, payments}},
	{
		Email:         "ruth@example.com",
		Name:          "Ruth Adeyemi",
		Role:          models.RoleSupervisor,
		MaxConcurrent: 2,
		Departments:   []string{cards, payments},
	},
	{Email: "admin@example.com", Name: "Alex Meyer", Role: models.RoleAdmin, MaxConcurrent: 1},
	{
		Email: "ben@example.com", Name: "Ben Okafor", Role: models.RoleAgent, MaxConcurrent: 3, Departments: []string{cards, payments},
		Scripted: true,
	},
	{
		Email: "chenyu@example.com", Name: "陈宇", Role: models.RoleAgent, MaxConcurrent: 3, Departments: []string{cards, payments},
		Scripted: true,
	},
	{Email: "emil@example.com", Name: "Emil Novak", Role: models.RoleAgent, MaxConcurrent: 2, Departments: []string{cards}, Scripted: true},
	{
		Email: "dalia@example.com", Name: "Dalia Haddad", Role: models.RoleAgent, MaxConcurrent: 3, Departments: []string{payments},
		Scripted: true,
	},
	{
		Email:         "lina@example.com",
		Name:          "李娜",
		Role:          models.RoleAgent,
		MaxConcurrent: 3,
		Departments:   []string{cards, payments},
		Scripted:      true,
	},
	{
		Email: "mateo@example.com", Name: "Mateo Silva", Role: models.RoleAgent, MaxConcurrent: 3, Departments: []string{payments},
		Scripted: true,
	},
}

// Accounts returns the sample accounts: first those for visitors (agent, supervisor, admin), then those that [Live] plays.
func Accounts() []Account { return accounts }

func scripted() []Account {
	var found []Account
	for _, a := range accounts {
		if a.Scripted {
			found = append(found, a)
		}
	}
	return found
}

// Invite prints the addresses to open and the sample accounts.
func Invite(out io.Writer, url string, withMailbox bool) {
	fmt.Fprintf(out, `
Parley runs. Open, in three windows:

  %[1]s/demo         a company's site with the widget: be the user
  %[1]s/workbench    be the agent
  %[1]s/supervisor   be the supervisor
  %[1]s/admin        people, departments, settings, sites

Sample accounts:
`, url)
	_ = PrintAccounts(out)
	if withMailbox {
		fmt.Fprintf(out, "\nE-mail to users goes nowhere but to %s/demo/mailbox\n", url)
	}
	fmt.Fprintf(out, "\nLet sample people talk for a while, from another terminal: bin/parley demo --live --url %s\nStop with Ctrl+C.\n\n",
		url)
}

// The sender of e-mail of the sample company, unless the settings name another.
const (
	MailFrom = "support@kestrel.example"
	MailName = "Kestrel"
)
