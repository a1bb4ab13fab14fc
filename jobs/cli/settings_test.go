package cli_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/jobs/cli"
	"parley/models"
)

func TestTheEnvironmentSetsEverySettingOfTheTable(t *testing.T) {
	t.Parallel()
	defaults, err := cli.ReadEnvironment(nil)
	if err != nil || !reflect.DeepEqual(defaults.Rules, models.DefaultSettings()) {
		t.Errorf("without an environment the rules are %+v, %v", defaults.Rules, err)
	}
	var all, empty []string
	for _, s := range models.SettingTable() {
		value, wrong := s.Max(), "perhaps"
		if s.Kind() == models.SettingWords {
			value, wrong = "refund", strings.Repeat("long", 100)
		}
		if s.Kind() == models.SettingText {
			value, wrong = "https://www.example.com/", strings.Repeat("long ", 300)
		}
		if s.Kind() == models.SettingLine {
			value = map[string]string{
				"MAIL_FROM": "support@example.com", "MAIL_NAME": "Kestrel", "MAIL_COLOR": "#ffcc00",
				"WEBHOOK_NETWORKS": "10.1.0.0/16",
			}[s.Key]
			wrong = "\u200b"
		}
		for _, choice := range s.Choices() {
			if choice != s.BuiltInDefault() {
				value = choice
			}
		}
		all = append(all, s.Key+"="+value)
		empty = append(empty, s.Key+"=")
		_, err := cli.ReadEnvironment([]string{s.Key + "=" + wrong})
		var refused *models.Error
		if !errors.As(err, &refused) || !strings.Contains(refused.Detail, s.Key+" is ") {
			t.Errorf("%s=%s is answered with %v", s.Key, wrong, err)
		}
	}
	set, err := cli.ReadEnvironment(all)
	if err != nil {
		t.Fatal(err)
	}
	now, before := reflect.ValueOf(set.Rules), reflect.ValueOf(models.DefaultSettings())
	for i := range now.NumField() {
		name := now.Type().Field(i).Name
		if name != "AllowedOrigins" && name != "ReplyAddress" && reflect.DeepEqual(now.Field(i).Interface(), before.Field(i).Interface()) {
			t.Errorf("the environment does not set %s", name)
		}
	}
	if none, err := cli.ReadEnvironment(empty); err != nil || !reflect.DeepEqual(none.Rules, models.DefaultSettings()) {
		t.Errorf("with empty variables the rules are %+v, %v", none.Rules, err)
	}
	if on, err := cli.ReadEnvironment([]string{"MASK_CARDS=1"}); err != nil || !on.Rules.MaskCards {
		t.Errorf("MASK_CARDS=1 is answered with %v", err)
	}
	if _, err := cli.ReadEnvironment([]string{"IDLE_WARNING=3m"}); models.CodeOf(err) != "validation_failed" {
		t.Errorf("a warning after the end is answered with %v", err)
	}
}

func TestTheHelpHasEveryVariable(t *testing.T) {
	t.Parallel()
	var described []string
	for _, v := range slices.Concat(cli.ProcessVariables(), cli.RuleVariables()) {
		described = append(described, v.Name)
		if v.Doc == "" || v.Shown() == "" || !strings.Contains(cli.EnvironmentHelp(), v.Name) {
			t.Errorf("%s has the default %q and the text %q, and may not be in the help", v.Name, v.Shown(), v.Doc)
		}
	}
	for field := range reflect.TypeFor[cli.Environment]().Fields() {
		if name := field.Tag.Get("env"); name != "" && !slices.Contains(described, name) {
			t.Errorf("no text says what %s is for", name)
		}
	}
	sorted := slices.Sorted(slices.Values(described))
	if unique := slices.Compact(slices.Clone(sorted)); len(unique) != len(sorted) {
		t.Errorf("a variable is described twice: %v", sorted)
	}
}
