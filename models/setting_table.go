package models

import (
	"regexp"
	"time"
	"unicode/utf8"
)

// settingTable is every setting of the rules, in the order of the settings page. The environment, the settings page, the JSON of settings,
// the README, the help of the command line and the OpenAPI document read it. A new setting is a field of [Settings], an entry here, and its
// label and help in both catalogues; `make generate` then writes the documents.
var settingTable = []Setting{
	{
		Key: "IDLE_WARNING", Group: GroupIdle,
		Doc: "time without a message after which an active chat gets a warning",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.IdleWarning },
			def:   time.Minute, min: time.Second, max: 24 * time.Hour, unit: UnitSecond,
		},
	},
	{
		Key: "IDLE_TIMEOUT", Group: GroupIdle, LongerThan: "IDLE_WARNING",
		Doc: "time without a message after which an active chat ends; longer than `IDLE_WARNING`",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.IdleTimeout },
			def:   2 * time.Minute, min: 2 * time.Second, max: 48 * time.Hour, unit: UnitSecond,
		},
	},
	{
		Key:   "IDLE_AGENT_ACTION",
		Group: GroupIdle,
		Doc:   "at `IDLE_TIMEOUT`, if the agent has not replied: `end` the chat, or `requeue` it at the front of the queue",
		value: choiceValue{
			field:   func(s *Settings) *string { return &s.IdleAgentAction },
			def:     IdleEnd,
			choices: []string{IdleEnd, IdleRequeue},
		},
	},
	{
		Key: "PRESENCE_TIMEOUT", Group: GroupPresence,
		Doc: "time without a heartbeat after which an agent is away",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.PresenceTimeout },
			def:   45 * time.Second, min: time.Second, max: time.Hour, unit: UnitSecond,
		},
	},
	{
		Key: "PRESENCE_GRACE", Group: GroupPresence,
		Doc: "time after `PRESENCE_TIMEOUT` until the agent's chats go back to the front of the queue",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.PresenceGrace },
			def:   3 * time.Minute, min: 0, max: 24 * time.Hour, unit: UnitSecond,
		},
	},
	{
		// Off by default: on a quiet day an agent who waits for the next chat gives no input for an hour, and users would find no agent.
		Key: "INACTIVE_AFTER", Group: GroupPresence,
		Doc: "time without input (keys, pointer, messages) after which an online agent is set to away; 0 for never",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.InactiveAfter },
			def:   0, min: 0, max: 24 * time.Hour, unit: UnitMinute,
		},
	},
	{
		Key:   "REMIND_AFTER",
		Group: GroupPresence,
		Doc:   "time after which an agent is reminded of an unopened chat, then at 2, 4 and 8 times this and so on; 0 for never",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.RemindAfter },
			def:   15 * time.Second, min: 0, max: 10 * time.Minute, unit: UnitSecond,
		},
	},
	{
		Key: "CLOSING_REMINDER", Group: GroupPresence,
		Doc: "time before the end of the opening hours at which agents are reminded of open chats, and again at the end; 0 for never",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.ClosingReminder },
			def:   10 * time.Minute, min: 0, max: 4 * time.Hour, unit: UnitMinute,
		},
	},
	{
		Key: "OFFER_PERIOD", Group: GroupQueue,
		Doc: "time in which an agent may accept a chat that another agent offers",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.OfferPeriod },
			def:   30 * time.Second, min: 10 * time.Second, max: 5 * time.Minute, unit: UnitSecond,
		},
	},
	{
		Key: "QUEUE_GRACE", Group: GroupQueue,
		Doc: "time without a heartbeat after which a waiting user loses the position in the queue",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.QueueGrace },
			def:   5 * time.Minute, min: time.Second, max: 24 * time.Hour, unit: UnitSecond,
		},
	},
	{
		Key: "QUEUE_BATCH", Group: GroupQueue,
		Doc:   "waiting chats that are assigned in one transaction",
		value: integerValue{field: func(s *Settings) *int { return &s.QueueBatch }, def: 10, min: 1, max: 1000, unit: UnitChat},
	},
	{
		Key: "ASSIGN_WHEN_CLOSED", Group: GroupQueue,
		Doc:   "agents who are online get chats and messages outside the opening hours too; otherwise these wait until the desk opens",
		value: switchValue{field: func(s *Settings) *bool { return &s.AssignWhenClosed }, def: true},
	},
	{
		Key: "SERVICE_LEVEL", Group: GroupQueue,
		Doc:   "share of chats that an agent should take within `SERVICE_WAIT`; the forecast computes how many agents this needs",
		value: integerValue{field: func(s *Settings) *int { return &s.ServiceLevel }, def: 80, min: 1, max: 99, unit: UnitPercent},
	},
	{
		Key: "SERVICE_WAIT", Group: GroupQueue,
		Doc: "wait within which `SERVICE_LEVEL` percent of the chats should be taken",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.ServiceWait },
			def:   time.Minute, min: time.Second, max: time.Hour, unit: UnitSecond,
		},
	},
	{
		Key: "MESSAGES", Group: GroupMessages,
		Doc:   "users can leave a message and get the answer by e-mail while it is closed, no agent is online or the wait is long",
		value: switchValue{field: func(s *Settings) *bool { return &s.Messages }, def: true},
	},
	{
		Key: "MESSAGE_WAIT_THRESHOLD", Group: GroupMessages,
		Doc: "wait, predicted or waited, from which users are offered to leave a message; 0 for never",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.MessageWait },
			def:   10 * time.Minute, min: 0, max: 24 * time.Hour, unit: UnitSecond,
		},
	},
	{
		Key: "MESSAGE_QUEUE_LIMIT", Group: GroupMessages,
		Doc:   "users who would be further back in the queue than this are offered to leave a message; 0 for never",
		value: integerValue{field: func(s *Settings) *int { return &s.MessageQueue }, def: 0, min: 0, max: 10000, unit: UnitChat},
	},
	{
		Key: "MESSAGE_ORDER", Group: GroupMessages,
		Doc: "`after_chats` assigns messages to agents whose live queue is empty, `by_age` to any agent with capacity for messages",
		value: choiceValue{
			field: func(s *Settings) *string { return &s.MessageOrder }, def: MessagesAfterChats,
			choices: []string{MessagesAfterChats, MessagesByAge},
		},
	},
	{
		Key: "MESSAGE_AGEING", Group: GroupMessages,
		Doc: "age from which a message is assigned although users wait live",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.MessageAgeing },
			def:   4 * time.Hour, min: 0, max: 30 * day, unit: UnitMinute,
		},
	},
	{
		Key: "MESSAGE_CONSENT", Group: GroupMessages,
		Doc:   "text that users must agree to before they leave a message; empty for none",
		value: textValue{field: func(s *Settings) *string { return &s.MessageConsent }},
	},
	{
		Key: "MESSAGE_CONSENT_URL", Group: GroupMessages,
		Doc:   "address of the page about `MESSAGE_CONSENT`, such as a privacy policy; empty for none",
		value: textValue{field: func(s *Settings) *string { return &s.ConsentURL }, isURL: true},
	},
	{
		Key: "REQUIRE_OUTCOME", Group: GroupWrapUp,
		Doc:   "agents are reminded of an ended chat until it has an outcome, if outcomes are offered for it",
		value: switchValue{field: func(s *Settings) *bool { return &s.RequireOutcome }, def: false},
	},
	{
		Key: "REQUIRE_TAGS", Group: GroupWrapUp,
		Doc:   "agents are reminded of an ended chat until it has a tag, if tags are offered for it",
		value: switchValue{field: func(s *Settings) *bool { return &s.RequireTags }, def: false},
	},
	{
		Key: "FLAG_UNANSWERED", Group: GroupFlags,
		Doc: "time without a reply after which supervisors see a flag at the chat; 0 for never",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.FlagUnanswered },
			def:   90 * time.Second, min: 0, max: 24 * time.Hour, unit: UnitSecond,
		},
	},
	{
		Key: "FLAG_WORDS", Group: GroupFlags,
		Doc:   "words and phrases, separated by commas, with which a message of the user or the agent raises a flag",
		value: wordsValue{field: func(s *Settings) *string { return &s.FlagWords }},
	},
	{
		Key: "REQUIRE_IDENTITY", Group: GroupPrivacy,
		Doc:   "only users with a token that a site has signed may use the chat",
		value: switchValue{field: func(s *Settings) *bool { return &s.RequireIdentity }, def: false},
	},
	{
		Key: "MASK_CARDS", Group: GroupPrivacy,
		Doc:   "payment card numbers in messages, notes and comments are stored as `•••• •••• •••• 1234`",
		value: switchValue{field: func(s *Settings) *bool { return &s.MaskCards }, def: false},
	},
	{
		Key: "SHOW_WATCHERS", Group: GroupPrivacy,
		Doc:   "agents see which supervisors read their chats live",
		value: switchValue{field: func(s *Settings) *bool { return &s.ShowWatchers }, def: false},
	},
	{
		Key: "RECORD_PAGES", Group: GroupPrivacy,
		Doc:   "agents see which pages of the site a user visits during a chat, without the queries of the addresses",
		value: switchValue{field: func(s *Settings) *bool { return &s.RecordPages }, def: true},
	},
	{
		Key: "PUSH_MESSAGE_TEXT", Group: GroupPrivacy,
		Doc:   "notifications on devices without an open window show the text of the message, also on locked screens",
		value: switchValue{field: func(s *Settings) *bool { return &s.PushMessageText }, def: false},
	},
	{
		Key:   "SHARE_HISTORY",
		Group: GroupPrivacy,
		Doc:   "agents read and find all ended chats of users they serve or served, recorded in the audit log; else only their own",
		value: switchValue{field: func(s *Settings) *bool { return &s.ShareHistory }, def: true},
	},
	{
		Key: "EDIT_PERIOD", Group: GroupPrivacy,
		Doc: "time after sending in which users and agents may edit or withdraw their own messages; 0 turns it off",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.EditPeriod },
			def:   2 * time.Minute, min: 0, max: 24 * time.Hour, unit: UnitSecond,
		},
	},
	{
		Key: "RETENTION", Group: GroupPrivacy,
		Doc: "time until an ended chat is deleted with everything that belongs to it; users without any data left are deleted, too",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.Retention },
			def:   30 * day, min: time.Hour, max: 10 * 365 * day, unit: UnitHour,
		},
	},
	{
		// Admins are among those whose actions the log records, so they cannot shorten it. The schema keeps the last 90 days in any case.
		Key: "AUDIT_RETENTION", Group: GroupPrivacy, EnvironmentOnly: true,
		Doc: "time until a row of the audit log is deleted",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.AuditRetention },
			def:   2 * 365 * day, min: 90 * day, max: 20 * 365 * day, unit: UnitHour,
		},
	},
	{
		Key: "MINUTES_RETENTION", Group: GroupPrivacy,
		Doc: "time until the figures of a minute (queue, agents, arrivals) are deleted, from which charts, replay and forecast are made",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.MinutesRetention },
			def:   2 * 365 * day, min: 35 * day, max: 10 * 365 * day, unit: UnitHour,
		},
	},
	{
		Key: "MAIL_FROM", Group: GroupMail,
		Doc: "address that e-mail is sent from, such as `support@example.com`; without it nothing is mailed",
		value: lineValue{
			field: func(s *Settings) *string { return &s.MailFrom }, accepts: "an e-mail address such as support@example.com",
			isValid: func(v string) bool { _, err := checkEmail(v); return err == nil },
		},
	},
	{
		Key: "MAIL_NAME", Group: GroupMail,
		Doc: "name that e-mail is sent from, such as that of the company",
		value: lineValue{
			field: func(s *Settings) *string { return &s.MailName }, accepts: "a name of at most 100 characters",
			isValid: func(v string) bool { return !IsBlank(v) && utf8.RuneCountInString(v) <= 100 },
		},
	},
	{
		Key: "MAIL_COLOR", Group: GroupMail,
		Doc: "colour of e-mail as `#rrggbb`, on which white or dark text is readable",
		value: lineValue{
			field: func(s *Settings) *string { return &s.MailColor }, def: "#0b5968", accepts: "a colour such as #0b5968",
			isValid: regexp.MustCompile(`^#[0-9a-fA-F]{6}$`).MatchString,
		},
	},
	{
		Key: "MAIL_CONFIRM", Group: GroupMail,
		Doc:   "users who leave a message get an e-mail that confirms it",
		value: switchValue{field: func(s *Settings) *bool { return &s.MailConfirm }, def: true},
	},
	{
		Key: "CONTINUE_LINK_PERIOD", Group: GroupMail,
		Doc: "time in which the link in an e-mail continues the chat in the browser",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.ContinuePeriod },
			def:   30 * day, min: time.Hour, max: 365 * day, unit: UnitHour,
		},
	},
	{
		Key: "WEBHOOK_OFF_AFTER", Group: GroupWebhooks,
		Doc: "time of failures after which a webhook is switched off, and a single delivery given up",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.WebhookOffAfter },
			def:   5 * day, min: time.Hour, max: 30 * day, unit: UnitHour,
		},
	},
	{
		Key: "WEBHOOK_RETENTION", Group: GroupWebhooks,
		Doc: "time until a delivery is deleted from the log of its webhook, also one that waits while the webhook is paused or off",
		value: durationValue{
			field: func(s *Settings) *time.Duration { return &s.WebhookRetention },
			def:   14 * day, min: day, max: 90 * day, unit: UnitHour,
		},
	},
	{
		Key: "WEBHOOK_NETWORKS", Group: GroupWebhooks,
		Doc: "private networks in which webhooks may be, also without https, such as `10.1.0.0/16, 192.168.7.9`",
		value: lineValue{
			field:   func(s *Settings) *string { return &s.WebhookNetworks },
			accepts: "networks such as 10.1.0.0/16, separated by commas, at most 20",
			isValid: func(v string) bool { _, err := parseNetworks([]string{v}); return err == nil },
		},
	},
	{
		Key: "ASSISTANT_TOKENS_PER_DAY", Group: GroupAssistant,
		Doc:   "tokens that the assistant sends and receives on one day (UTC), for all agents together; see `ASSISTANT_URL`",
		value: integerValue{field: func(s *Settings) *int { return &s.AssistantTokens }, def: 1_000_000, min: 0, max: 1_000_000_000},
	},
	{
		Key:   "ASSISTANT_MASK",
		Group: GroupAssistant,
		Doc: "regular expressions (RE2), one on each line, of what is masked before a text is sent to the assistant; payment " +
			"cards always are",
		value: textValue{field: func(s *Settings) *string { return &s.AssistantMask }, arePatterns: true},
	},
	{
		Key: "ASSISTANT_NOTICE", Group: GroupAssistant,
		Doc:   "users are told that agents may use an assistant, if there is one",
		value: switchValue{field: func(s *Settings) *bool { return &s.AssistantNotice }},
	},
	rateSetting("RATE_SEND", 30, "messages per minute from one user or agent", func(s *Settings) *int { return &s.RateSend }),
	rateSetting("RATE_END", 10, "chats per minute that one user or agent ends", func(s *Settings) *int { return &s.RateEnd }),
	rateSetting("RATE_RATE", 5, "ratings per minute from one user", func(s *Settings) *int { return &s.RateRate }),
	rateSetting(
		"RATE_FILE",
		10,
		"files per minute from one user or agent, and transcripts that one user downloads",
		func(s *Settings) *int { return &s.RateFile },
	),
	rateSetting(
		"RATE_ASSISTANT",
		30,
		"answers of the assistant per minute for one agent",
		func(s *Settings) *int { return &s.RateAssistant },
	),
	rateSetting("RATE_API_KEY", 600, "requests per minute with one API key", func(s *Settings) *int { return &s.RateAPIKey }),
	rateSetting("RATE_LOGIN", 10, "failed sign-ins per minute for one account from one address",
		func(s *Settings) *int { return &s.RateLogin }),
	rateSetting("RATE_MAIL", 10, "e-mails per minute from one sender into a chat; more are deferred",
		func(s *Settings) *int { return &s.RateMail }),
	rateSetting("RATE_SESSION", 60,
		"new anonymous users per minute from one address, or one IPv6 /64; the machine's own addresses are not counted",
		func(s *Settings) *int { return &s.RateSession }),
}

const day = 24 * time.Hour

// rateSetting is an entry for a rate limit; all of them have the same bounds.
func rateSetting(key string, def int, doc string, field func(*Settings) *int) Setting {
	return Setting{
		Key: key, Group: GroupLimits, Doc: doc,
		value: integerValue{field: field, def: def, min: 1, max: 100_000, unit: UnitPerMinute},
	}
}
