package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// measurePgbench runs the statement with which the program sends a message in pgbench, without anything around it. It takes the statement
// from PostgreSQL's log while the program sends a message.
func measurePgbench(ctx context.Context, b *bench) error {
	tool, err := b.findPgbench()
	if err != nil {
		b.table.inform("pgbench, the program's send statement", "/s", Sample{}, nil, err.Error())
		return nil
	}
	clients := b.opts.size(16, 2)
	database, err := b.seeded(ctx, users(clients), agents(clients, 1, 1), activeChats(1, clients, clients, 2))
	if err != nil {
		return err
	}
	statement, err := b.sendStatement(ctx, database)
	if err != nil {
		return err
	}
	script := filepath.Join(b.dir, "send.sql")
	text := "\\set k random(1, 9000000000000000000)\n" + statement + ";\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return err
	}
	if b.opts.verbose {
		b.log("    %s", strings.Join(strings.Fields(statement), " "))
	}
	var perSecond []float64
	if _, err := b.services.admin.Exec(ctx, "CHECKPOINT"); err != nil {
		return err
	}
	for n := range b.opts.rounds + 1 {
		out, err := exec.CommandContext(ctx, tool, "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-T",
			strconv.Itoa(b.opts.size(3, 1)), "-f", script,
			b.databaseURL(database)).CombinedOutput()
		if err != nil {
			return fmt.Errorf("pgbench: %w\n%s", err, out)
		}
		m := tps.FindSubmatch(out)
		if m == nil {
			return fmt.Errorf("pgbench printed no tps:\n%s", out)
		}
		value, _ := strconv.ParseFloat(string(m[1]), 64)
		if n > 0 { // the first run is the warm-up
			perSecond = append(perSecond, value)
		}
	}
	got, note := sampleOf(perSecond...), "measured is the program, the yardstick is pgbench"
	if b.sent16 == nil {
		b.table.inform("pgbench, the program's send statement", "/s", got, nil, fmt.Sprintf("%d clients", clients))
		return nil
	}
	b.table.inform(fmt.Sprintf("messages a second, %d users, against pgbench", clients), "/s", *b.sent16, &got, note)
	return nil
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// findPgbench returns the path of pgbench: next to the executable of the running PostgreSQL, otherwise from PATH.
func (b *bench) findPgbench() (string, error) {
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", b.services.postgres)); err == nil {
		if tool := filepath.Join(filepath.Dir(exe), "pgbench"); exec.Command(tool, "--version").Run() == nil {
			return tool, nil
		}
	}
	tool, err := exec.LookPath("pgbench")
	if err != nil {
		return "", errors.New("pgbench is not installed; Debian has it in postgresql-contrib or postgresql")
	}
	return tool, nil
}

const marker = "marked-for-pgbench"

// sendStatement returns the statement that sends a message, generalised so that each pgbench client has its own user and chat.
func (b *bench) sendStatement(ctx context.Context, database string) (string, error) {
	server, err := b.serveProduct(ctx, database)
	if err != nil {
		return "", err
	}
	send := func(key string) error {
		return callAPI(ctx, server.addr, request{"POST", ofUser + "/chats/c1/messages", userToken(1)},
			map[string]string{"content": messageText, "client_message_id": key}, nil)
	}
	if err := send("first"); err != nil {
		return "", err
	}
	if err := b.logStatements(ctx, "all"); err != nil {
		return "", err
	}
	if err := send(marker); err != nil {
		return "", err
	}
	if err := b.logStatements(ctx, "none"); err != nil {
		return "", err
	}
	log, err := os.ReadFile(filepath.Join(b.dir, "services", "postgres.log"))
	if err != nil {
		return "", err
	}
	return generaliseStatement(string(log))
}

func (b *bench) logStatements(ctx context.Context, which string) error {
	for _, s := range []string{"ALTER SYSTEM SET log_statement = '" + which + "'", "SELECT pg_reload_conf()"} {
		if _, err := b.services.admin.Exec(ctx, s); err != nil {
			return err
		}
	}
	return pause(ctx, 500*time.Millisecond) // until every PostgreSQL process has reloaded it
}

var (
	executed = regexp.MustCompile(
		`(?m)LOG:  (?:execute [^:]*|statement): ((?:.*)(?:\n\t.*)*)(?:\n.*DETAIL:  parameters: (.*(?:\n\t.*)*))?`,
	)
	parameter   = regexp.MustCompile(`\$(\d+) = ('(?:[^']|'')*'|NULL)`)
	placeholder = regexp.MustCompile(`\$\d+`)
)

// generaliseStatement finds the statement with the marker in a log, inserts its parameters, and replaces chat, user and key by pgbench
// variables. It returns an error if the log has no such statement or if it lacks one of these values.
func generaliseStatement(log string) (string, error) {
	for _, m := range executed.FindAllStringSubmatch(log, -1) {
		text, values := m[1], map[string]string{}
		if !strings.Contains(m[0], marker) || !strings.Contains(text, "INSERT INTO messages") {
			continue
		}
		for _, p := range parameter.FindAllStringSubmatch(m[2], -1) {
			values["$"+p[1]] = p[2]
		}
		text = placeholder.ReplaceAllStringFunc(text, func(h string) string {
			if v, ok := values[h]; ok {
				return v
			}
			return h
		})
		text = strings.NewReplacer("\n\t", "\n", "'c1'", "('c' || (:client_id + 1))", "'u1'", "('u' || (:client_id + 1))",
			"'"+marker+"'", "('k' || :k)").Replace(text)
		if strings.Count(text, ":client_id") < 2 || !strings.Contains(text, ":k)") {
			return "", errors.New("the statement that sends a message does not have chat, user and key as separate values")
		}
		return text, nil
	}
	return "", errors.New("PostgreSQL's log does not show how a message is sent")
}
