package api

import "parley/models"

// SecondFactor is the state of an agent's second factor.
type SecondFactor struct {
	IsOn              IntBool `json:"is_on"`
	ConfirmedAt       *Time   `json:"confirmed_at"`
	RecoveryCodesLeft int     `json:"recovery_codes_left"`
}

// SecondFactorOf returns the body of a second factor.
func SecondFactorOf(f *models.SecondFactor) SecondFactor {
	out := SecondFactor{IsOn: IntBool(f.On), RecoveryCodesLeft: f.CodesLeft}
	if f.On {
		out.ConfirmedAt = OptionalTime(&f.Since)
	}
	return out
}

// RecoveryCodes are shown once, when they are made.
type RecoveryCodes struct {
	Message       string   `json:"message"`
	RecoveryCodes []string `json:"recovery_codes"`
}

// EndedSessions is the number of sessions that were ended.
type EndedSessions struct {
	Message       string `json:"message"`
	EndedSessions int    `json:"ended_sessions"`
}

// AgentSession is one session of an agent.
type AgentSession struct {
	SessionID string  `json:"session_id"`
	UserAgent string  `json:"user_agent"`
	Address   *string `json:"address"`
	CreatedAt Time    `json:"created_at"`
	SeenAt    Time    `json:"seen_at"`
	IsCurrent IntBool `json:"is_current"`
}
