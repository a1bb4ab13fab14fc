package api

import (
	"context"
	"os"
	"regexp"
	"testing"

	"parley/models"
	"parley/views/text"
)

// TestSystemMessagesHaveATextForEachAudience covers all kinds of system messages, so that no audience can lose one.
func TestSystemMessagesHaveATextForEachAudience(t *testing.T) {
	type texts [audiences]string // for programs, for the user, for the agent
	tests := []struct {
		kind string
		args map[string]string
		keys texts
		want map[string]any
	}{
		{
			models.SystemJoined,
			map[string]string{"agent": "Anna Lindqvist", "wait_seconds": "4"},
			texts{"system.joined_at_once", "widget.joined_at_once", "workbench.said.joined_at_once"},
			nil,
		},
		{
			models.SystemJoined,
			map[string]string{"agent": "Anna Lindqvist", "wait_seconds": "65"},
			texts{"system.joined", "widget.joined", "workbench.said.joined"},
			map[string]any{"Time": "1 min 5 s"},
		},
		{
			models.SystemOfferDeclined,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.offer_declined", "system.offer_declined", "workbench.said.offer_declined"},
			nil,
		},
		{
			models.SystemOfferDeclinedWhy,
			map[string]string{"agent": "Anna Lindqvist", "reason": "Not my topic"},
			texts{"system.offer_declined_why", "system.offer_declined_why", "workbench.said.offer_declined_why"},
			map[string]any{"Reason": "Not my topic"},
		},
		{
			models.SystemOfferExpired,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.offer_expired", "system.offer_expired", "workbench.said.offer_expired"},
			nil,
		},
		{
			models.SystemOfferUnavailable,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.offer_unavailable", "system.offer_unavailable", "workbench.said.offer_unavailable"},
			nil,
		},
		{
			models.SystemReturned,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.returned", "widget.you_returned", "workbench.said.returned"},
			nil,
		},
		{
			models.SystemRequeued,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.requeued", "widget.you_requeued", "workbench.said.requeued"},
			nil,
		},
		{
			models.SystemTransferred,
			map[string]string{"from": "Anna Lindqvist", "to": "Ben Okafor"},
			texts{"system.transferred", "widget.transferred", "workbench.said.transferred"},
			map[string]any{"Other": "Ben Okafor"},
		},
		{
			models.SystemIdleWarning,
			map[string]string{"seconds": "60"},
			texts{"system.idle_warning", "widget.idle.line", "workbench.said.idle_warning"},
			map[string]any{"Time": "1 min"},
		},
		{
			models.SystemSupervisorJoined,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.supervisor_joined", "widget.supervisor_joined", "workbench.said.supervisor_joined"},
			nil,
		},
		{
			models.SystemSupervisorLeft,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.supervisor_left", "widget.supervisor_left", "workbench.said.supervisor_left"},
			nil,
		},
		{
			models.SystemMessageLeft,
			map[string]string{"email": "maria@example.com"},
			texts{"system.message_left", "widget.message_left", "workbench.said.message_left"},
			map[string]any{"Email": "maria@example.com"},
		},
		{models.SystemMessageLive, nil, texts{"system.message_live", "widget.message_live", "workbench.said.message_live"}, nil},
		{models.SystemBrought, nil, texts{"system.brought", "widget.brought", "workbench.said.brought"}, nil},
		{models.SystemGoesOn, map[string]string{"agent": ""}, texts{"system.goes_on", "widget.goes_on", "workbench.said.goes_on"}, nil},
		{
			models.SystemGoesOn,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.goes_on", "widget.goes_on", "workbench.said.goes_on_with"},
			nil,
		},
		{
			models.SystemMailFollows,
			map[string]string{"chat_id": "c1"},
			texts{"system.mail_follows", "system.mail_follows", "system.mail_follows"},
			nil,
		},
		{
			models.SystemAskedAgain,
			map[string]string{"chat_id": "c1"},
			texts{"system.asked_again", "system.asked_again", "system.asked_again"},
			nil,
		},
		{
			models.SystemMailAutomatic,
			map[string]string{"subject": "Out of office"},
			texts{"system.mail_automatic", "system.mail_automatic", "system.mail_automatic"},
			map[string]any{"Subject": "Out of office"},
		},
		{
			models.SystemMailBounced,
			map[string]string{"email": "maria@example.com", "reason": "Mailbox full"},
			texts{"system.mail_bounced", "system.mail_bounced", "system.mail_bounced"},
			map[string]any{"Email": "maria@example.com", "Reason": "Mailbox full"},
		},
		{
			models.SystemMailRefused,
			map[string]string{"names": "a.exe, b.exe", "reason": "unknown_type"},
			texts{"system.mail_files_refused", "system.mail_files_refused", "system.mail_files_refused"},
			map[string]any{"Names": "a.exe, b.exe", "Reason": "this type is not accepted"},
		},
		{
			models.SystemHandedOver,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.handed_over", "widget.handed_over", "workbench.said.handed_over"},
			nil,
		},
		{models.SystemPersonAsked, nil, texts{"system.person_asked", "system.person_asked", "system.person_asked"}, nil},
		{
			models.SystemBotSilent,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.bot_silent", "system.bot_silent", "system.bot_silent"},
			nil,
		},
		{
			models.SystemBotGone,
			map[string]string{"agent": "Anna Lindqvist"},
			texts{"system.bot_gone", "system.bot_gone", "system.bot_gone"},
			nil,
		},
		{models.SystemMailEmpty, nil, texts{"system.mail_empty", "system.mail_empty", "system.mail_empty"}, nil},
	}
	ctx := text.With(context.Background(), text.English)
	covered := map[string]bool{}
	for _, test := range tests {
		covered[test.kind] = true
		m := &models.Message{SystemKind: &test.kind, SystemArgs: test.args, Content: "stored"}
		for audience := range audiences {
			name, other := "Anna Lindqvist", test.want["Other"]
			if audience == ForUser {
				name = "Anna"
				if other != nil {
					other = "Ben"
				}
			}
			pairs := []any{"Name", name, "Other", other, "Time", test.want["Time"]}
			for _, arg := range []string{"Reason", "Email", "Subject", "Names"} {
				pairs = append(pairs, arg, test.want[arg])
			}
			want := text.T(ctx, test.keys[audience], pairs...)
			if want == test.keys[audience] {
				t.Fatalf("the catalogue has no %s", want)
			}
			if got := MessageText(ctx, m, audience); got != want {
				t.Errorf("%s for audience %d is %q, want %q", test.kind, audience, got, want)
			}
		}
	}
	for _, kind := range kindsOfModels(t) {
		if !covered[kind] {
			t.Errorf("the kind %s is not tested", kind)
		}
	}
}

// kindsOfModels reads the kinds of system messages from the source of models, so that a new one is not forgotten here.
func kindsOfModels(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../../models/message.go")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, found := range regexp.MustCompile(`\bSystem[A-Z]\w+ += "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		kinds = append(kinds, found[1])
	}
	if len(kinds) < len(systemKeys) {
		t.Fatalf("models has the kinds %v, want at least %d", kinds, len(systemKeys))
	}
	return kinds
}

func TestTheTextOfOtherMessagesIsReturnedAsStored(t *testing.T) {
	unknown := "of_a_later_version"
	for _, m := range []*models.Message{{Content: "Hello"}, {Content: "Hello", SystemKind: &unknown}} {
		for audience := range audiences {
			if got := MessageText(context.Background(), m, audience); got != "Hello" {
				t.Errorf("audience %d reads %q", audience, got)
			}
		}
	}
}

func TestShortName(t *testing.T) {
	for name, want := range map[string]string{
		"Anna Lindqvist": "Anna", "陈宇": "陈宇", "Anna": "Anna", "": "", "Guest 4711": "Guest 4711", " Anna": " Anna", "Anna ": "Anna ",
	} {
		if got := ShortName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
