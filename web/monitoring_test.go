package web_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"parley/web/files"
)

// promtool returns the program that checks the files for Prometheus.
func promtool(t *testing.T) string {
	t.Helper()
	path := os.Getenv("PARLEY_PROMTOOL")
	if path == "" {
		found, err := exec.LookPath("promtool")
		if err != nil {
			t.Fatal(`no promtool: set PARLEY_PROMTOOL="$(.ci/promtool)"`)
		}
		path = found
	}
	return path
}

func TestTheAlertRulesAreValid(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"check", "config", "scrape.yaml"}} {
		cmd := exec.CommandContext(t.Context(), promtool(t), args...)
		cmd.Dir = "../docs/monitoring"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

var (
	metricName  = regexp.MustCompile(`\bparley_[a-z0-9_]+`)
	seriesParts = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// TestMonitoringNamesMetricsThatExist checks each query of the alert rules and of the dashboard against the metrics of an
// instance in which everything has happened once.
func TestMonitoringNamesMetricsThatExist(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, annaToken := h.online("anna")
	_, token := h.guest()
	chat := h.asks(token, "Hello")
	h.ask("POST", forAgent+"/chats/"+chat+"/messages", annaToken, map[string]any{"content": "Hi"}).want(201)
	h.ask("POST", forUser+"/chats/"+chat+"/mark-read", token, map[string]any{"up_to": 1 << 40}).want(200)
	h.ask("POST", forUser+"/chats/"+chat+"/end", token, nil).want(200)
	h.check()
	var text string
	h.until("the metrics to have what happened", func() bool {
		text = string(h.ask("GET", "/metrics", "", nil).want(200).Body)
		return strings.Contains(text, "parley_chats_ended_total{") && strings.Contains(text, "parley_invariant_findings{")
	})
	exist := map[string]bool{}
	for _, name := range metricName.FindAllString(text, -1) {
		exist[seriesParts.ReplaceAllString(name, "")] = true
	}
	// These are there only with a mail server, or once waits are scored.
	for file, names := range map[string][]string{
		"metrics_database.go":    {"mail_failing", "mails_waiting", "mails_delayed", "mails_failed"},
		"metrics_calibration.go": {"inside_share", "median_error"},
	} {
		code, err := os.ReadFile(file)
		must(t, err)
		for _, name := range names {
			if !strings.Contains(string(code), `"`+name+`"`) {
				t.Errorf("%s has no metric %s", file, name)
			}
			exist["parley_"+name], exist["parley_wait_estimate_"+name] = true, true
		}
	}
	for _, file := range []string{"alerts.yaml", "dashboard.json"} {
		content, err := os.ReadFile("../docs/monitoring/" + file)
		must(t, err)
		names := metricName.FindAllString(string(content), -1)
		if len(names) < 10 {
			t.Errorf("%s has only %d names", file, len(names))
		}
		for _, name := range names {
			if !exist[seriesParts.ReplaceAllString(name, "")] {
				t.Errorf("%s asks for %s, which does not exist", file, name)
			}
		}
	}
}

var alertName = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)

// TestTheRunbookHasAnEntryForEverything checks that alerts and the lines of `parley check` are explained, and that nothing else is.
func TestTheRunbookHasAnEntryForEverything(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		content, err := os.ReadFile(path)
		must(t, err)
		return string(content)
	}
	want := map[string]bool{}
	for _, found := range alertName.FindAllStringSubmatch(read("../docs/monitoring/alerts.yaml"), -1) {
		want[found[1]] = true
	}
	h := startServer(t)
	checked, err := h.desk.Check(t.Context())
	must(t, err)
	store, err := files.Open(files.Options{Folder: t.TempDir()})
	must(t, err)
	ofFiles, err := h.desk.CheckFiles(t.Context(), store)
	must(t, err)
	checked = append(checked, ofFiles.Checked...)
	for _, c := range checked {
		want[c.Invariant] = true
	}
	for _, found := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(read("../docs/runbook.md"), -1) {
		if !want[found[1]] {
			t.Errorf("the runbook explains %s, which does not exist", found[1])
		}
		delete(want, found[1])
	}
	for name := range want {
		t.Errorf("the runbook does not explain %s", name)
	}
}
