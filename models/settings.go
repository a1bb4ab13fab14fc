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

// Settings are the numbers of the rules. Zero values are not usable; start from [DefaultSettings]. The table in setting_table.go has the
// bounds and the default of each.
type Settings struct {
	QueueBatch      int           // chats per drain transaction
	IdleWarning     time.Duration // without a message before the warning
	IdleTimeout     time.Duration // without a message before the end, longer than IdleWarning
	IdleAgentAction string        // IdleEnd or IdleRequeue
	Retention       time.Duration // how long ended chats are kept
	PresenceTimeout time.Duration // without a heartbeat: away
	PresenceGrace   time.Duration // after that: chats go back
	InactiveAfter   time.Duration // without input: away; 0 for never
	RemindAfter     time.Duration // of a chat that its agent has not opened; 0 for never
	OfferPeriod     time.Duration // an agent may answer an offer
	QueueGrace      time.Duration // without a heartbeat a waiting chat is abandoned
	RateSend        int           // per minute and identity, as are the following
	RateEnd         int
	RateRate        int
	RateFile        int
	RateLogin       int
	RequireIdentity bool          // users without a token of a host site are refused
	RateSession     int           // new anonymous users per minute and address
	MaskCards       bool          // card numbers are masked before they are stored
	RecordPages     bool          // the pages that users visit during a chat are kept
	ShareHistory    bool          // the agent of a chat reads the earlier chats of its user with other agents
	EditPeriod      time.Duration // how long senders may edit or withdraw their messages; 0 for never
	AuditRetention  time.Duration // how long the audit log is kept
	RequireOutcome  bool          // agents are reminded of a chat without an outcome, as long as there are outcomes
	RequireTags     bool          // the same for tags
	AllowedOrigins  []string      // exact origins of the sites that may embed; admins add to them on a page of their own
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
