package cli_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/jobs/cli"
	"parley/migrations"
	"parley/models/testdb"
)

func TestAPlanIsPrinted(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "DATABASE_URL="+testdb.EmptyPostgres(t))
	run := func(args ...string) string {
		t.Helper()
		commands, command, err := cli.Parse(append([]string{"migrate", "up"}, args...), nil, nil)
		must(t, err)
		var out bytes.Buffer
		p.Stdout = &out
		must(t, commands.Dispatch(t.Context(), p, command))
		return out.String()
	}
	text := run("--plan")
	for _, want := range []string{
		"(one transaction)", "(outside of a transaction)", "CREATE INDEX CONCURRENTLY", "locks no table that is in use", "nothing was changed",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan does not say %q:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(line); n > 121 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	var plan migrations.Plan
	must(t, json.Unmarshal([]byte(run("--plan", "--json")), &plan))
	if len(plan.Steps) == 0 || len(plan.Steps[0].Statements) == 0 {
		t.Errorf("the plan in JSON is %+v", plan)
	}
	run()
	if text := run("--plan"); text != "the schema is up to date\n" {
		t.Errorf("with nothing pending it says %q", text)
	}
	if text := run("--plan", "--json"); strings.Join(strings.Fields(text), "") != `{"steps":[]}` {
		t.Errorf("with nothing pending the JSON is %s", text)
	}
	// The last steps, of which some change tables.
	for range 5 {
		commands, command, err := cli.Parse([]string{"migrate", "down"}, nil, nil)
		must(t, err)
		must(t, commands.Dispatch(t.Context(), p, command))
	}
	if text := run("--plan"); !strings.Contains(text, "ROWS") {
		t.Errorf("the plan of the last steps names no table:\n%s", text)
	}
}
