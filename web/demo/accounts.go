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

// person is one sample user, anonymous without a name.
type person struct {
	ID, Name, Locale string
}

var people = []person{
	{"demo-maria", "Maria Lopes", "en"},
	{"demo-samuel", "Samuel Boateng", "en"},
	{"demo-lucie", "Lucie Perrin", "en"},
	{"demo-farid", "Farid Rahimi", "en"},
	{"demo-ines", "Ines Duarte", "en"},
	{"demo-tomasz", "Tomasz Nowak", "en"},
	{"demo-hana", "Hana Kobayashi", "en"},
	{"demo-oliver", "Oliver Grant", "en"},
	{"demo-amara", "Amara Diallo", "en"},
	{"demo-jonas", "Jonas Weber", "en"},
	{"demo-priya", "Priya Nair", "en"},
	{"demo-nils", "Nils Berg", "en"},
	{"demo-guest-1", "", "en"},
	{"demo-guest-2", "", "en"},
	{"demo-guest-3", "", "en"},
	{"demo-wangwei", "王伟", "zh-CN"},
	{"demo-zhangmin", "张敏", "zh-CN"},
	{"demo-liuyang", "刘洋", "zh-CN"},
	{"demo-zhaolei", "赵磊", "zh-CN"},
	{"demo-sunli", "孙丽", "zh-CN"},
	{"demo-guest-4", "", "zh-CN"},
}

// ratingComments are comments of good ratings, by language.
var ratingComments = map[string][]string{
	"en": {
		"Quick and friendly.", "Solved in two minutes.", "", "Clear answers, thank you.", "", "I had to wait, but then it was fast.",
		"",
	},
	"zh-CN": {"很快，态度也好。", "", "问题解决了，谢谢。", "回答得很清楚。", ""},
}

// Invite prints the addresses to open and the sample accounts.
func Invite(out io.Writer, url string) {
	fmt.Fprintf(out, `
Parley runs. Open, in three windows:

  %[1]s/demo         a company's site with the widget: be the user
  %[1]s/workbench    be the agent
  %[1]s/supervisor   be the supervisor
  %[1]s/admin        people, departments, settings, sites

Sample accounts:
`, url)
	_ = PrintAccounts(out)
	fmt.Fprintf(out, "\nLet sample people talk for a while, from another terminal: bin/parley demo --live --url %s\nStop with Ctrl+C.\n\n",
		url)
}
