package models

import (
	"fmt"
	"time"
)

// What happens to a chat whose agent did not reply before it ended.
const (
	IdleEnd     = "end"
	IdleRequeue = "requeue"
)

// When a message that waits is assigned.
const (
	MessagesAfterChats = "after_chats" // to agents whose live queue is empty
	MessagesByAge      = "by_age"      // to any agent who has capacity for messages
)

// Settings are the numbers of the rules. Zero values are not usable; start from [DefaultSettings]. The table in setting_table.go has the
// bounds and the default of each.
type Settings struct {
	QueueBatch       int           // chats per drain transaction
	IdleWarning      time.Duration // without a message before the warning
	IdleTimeout      time.Duration // without a message before the end, longer than IdleWarning
	IdleAgentAction  string        // IdleEnd or IdleRequeue
	Retention        time.Duration // how long ended chats are kept
	PresenceTimeout  time.Duration // without a heartbeat: away
	PresenceGrace    time.Duration // after that: chats go back
	InactiveAfter    time.Duration // without input: away; 0 for never
	RemindAfter      time.Duration // of a chat that its agent has not opened; 0 for never
	OfferPeriod      time.Duration // an agent may answer an offer
	ClosingReminder  time.Duration // before the desk closes, agents are reminded of open chats; 0 for never
	AssignWhenClosed bool          // agents who are online get chats outside the opening hours
	QueueGrace       time.Duration // without a heartbeat a waiting chat is abandoned
	RateSend         int           // per minute and identity, as are the following
	RateEnd          int
	RateRate         int
	RateFile         int
	RateAPIKey       int
	RateAssistant    int
	RateLogin        int
	RateMail         int           // to one reply address
	RequireIdentity  bool          // users without a token of a host site are refused
	RateSession      int           // new anonymous users per minute and address
	MaskCards        bool          // card numbers are masked before they are stored
	PushMessageText  bool          // notifications of devices have the text of messages
	RecordPages      bool          // the pages that users visit during a chat are kept
	ShowWatchers     bool          // agents see which supervisors read their chats live
	Messages         bool          // users are offered to leave a message; the next ones are about it
	MessageWait      time.Duration // predicted or waited, from which a message is offered; 0 for never
	MessageQueue     int           // chats that wait, from more than which a message is offered; 0 for never
	MessageOrder     string        // MessagesAfterChats or MessagesByAge
	MessageAgeing    time.Duration // a message that is older is assigned although users wait live
	MessageConsent   string        // what users must agree to; "" for nothing
	ConsentURL       string        // where they read more about it; "" for nowhere
	FlagUnanswered   time.Duration // without a reply before a chat is flagged; 0 for never
	FlagWords        string        // that flag a chat, separated by commas; "" for none
	ShareHistory     bool          // the agent of a chat reads the earlier chats of its user with other agents
	EditPeriod       time.Duration // how long senders may edit or withdraw their messages; 0 for never
	AuditRetention   time.Duration // how long the audit log is kept
	MinutesRetention time.Duration // how long the figures of minutes are kept
	ServiceLevel     int           // percent of chats that a forecast plans to have served within ServiceWait
	ServiceWait      time.Duration // see ServiceLevel
	RequireOutcome   bool          // agents are reminded of a chat without an outcome, as long as there are outcomes
	RequireTags      bool          // the same for tags
	AssistantTokens  int           // that the assistant may use on a day (UTC)
	AssistantMask    string        // regular expressions, one on each line, of what the assistant is not told
	AssistantNotice  bool          // users are told that agents have an assistant
	MailFrom         string        // the sender's address; "" turns mail off
	MailName         string        // the sender's name; "" for a general one
	MailColor        string        // of mails, as #rrggbb
	MailConfirm      bool          // a message that a user left is confirmed by mail
	ContinuePeriod   time.Duration // how long a link in a mail continues a chat
	WebhookOffAfter  time.Duration // of failures, a webhook is switched off
	WebhookRetention time.Duration // how long the log of deliveries is kept
	WebhookNetworks  string        // that webhooks may have though they are not public; "" for none
	AllowedOrigins   []string      // exact origins of the sites that may embed; admins add to them on a page of their own

	ReplyAddress ReplyAddressForm // from MAIL_REPLY_ADDRESS
}

// DefaultSettings returns the defaults of the table.
func DefaultSettings() Settings {
	var s Settings
	for _, setting := range settingTable {
		setting.value.setDefault(&s)
	}
	return s
}

// SettingsFromEnvironment returns the defaults with what the environment sets: getenv returns the value of a variable, "" for none. A value
// that a setting does not accept is validation_failed, and the detail names the variable.
func SettingsFromEnvironment(getenv func(key string) string) (Settings, error) {
	s := DefaultSettings()
	for _, setting := range settingTable {
		if value := getenv(setting.Key); value != "" {
			if err := setting.set(&s, value); err != nil {
				return s, err
			}
		}
	}
	return s, s.checkOrder()
}

// Validate refuses settings that the rules cannot work with, naming the variable at fault.
func (s *Settings) Validate() error {
	for _, setting := range settingTable {
		if err := setting.set(s, setting.value.read(s)); err != nil {
			return err
		}
	}
	for _, origin := range s.AllowedOrigins {
		if exact, err := ParseOrigin(origin); err != nil || exact != origin {
			return invalid(
				"value",
				fieldInvalid,
				fmt.Sprintf("ALLOWED_ORIGINS: %q is not an exact origin such as https://www.example.com.", origin),
			)
		}
	}
	if err := fitHeader(s.AllowedOrigins); err != nil {
		return err
	}
	return s.checkOrder()
}

func (s *Settings) checkOrder() error {
	for _, longer := range s.outOfOrder() {
		return longer.orderFault(longer.Key)
	}
	return nil
}

// outOfOrder returns the durations that are not longer than the ones that they must exceed.
func (s *Settings) outOfOrder() []Setting {
	var found []Setting
	for _, setting := range settingTable {
		if shorter := settingByKey(setting.LongerThan); shorter != nil && setting.duration(s) <= shorter.duration(s) {
			found = append(found, setting)
		}
	}
	return found
}

// SettingRow is one setting as the admin page shows it.
type SettingRow struct {
	Setting
	Value, Default string // Default is the value from the environment
	Overridden     bool
}

// Settings returns the settings in force.
func (d *Desk) Settings() Settings { return *d.settings.Load() }

// SettingRows returns every setting that an admin may change, in the order of the table.
func (d *Desk) SettingRows() []SettingRow {
	now, base := d.Settings(), d.base
	rows := make([]SettingRow, 0, len(settingTable))
	for _, s := range settingTable {
		if s.EnvironmentOnly {
			continue
		}
		row := SettingRow{Setting: s, Value: s.value.read(&now), Default: s.value.read(&base)}
		row.Overridden = row.Value != row.Default
		rows = append(rows, row)
	}
	return rows
}
