package api

import (
	"context"
	"slices"

	"parley/models"
	"parley/models/redisclient"
	"parley/views/text"
)

// AgentAccount is an agent as an administrator sees the account.
type AgentAccount struct {
	Service       *Service `json:"service"`
	Email         string   `json:"email"`
	Role          string   `json:"role"`
	Presence      string   `json:"presence"`
	Load          int      `json:"load"`
	MaxConcurrent int      `json:"max_concurrent"`
	// RegularMaxConcurrent is what MaxConcurrent is again after MaxConcurrentUntil; null unless it is temporary.
	RegularMaxConcurrent *int     `json:"regular_max_concurrent"`
	MaxConcurrentUntil   *Time    `json:"max_concurrent_until"`
	MessageLoad          int      `json:"message_load"` // messages, which load does not count
	MaxMessages          int      `json:"max_messages"`
	Departments          []string `json:"departments"`
	IsDisabled           IntBool  `json:"is_disabled"`
	DisabledAt           *Time    `json:"disabled_at"`
	CreatedAt            Time     `json:"created_at"`
}

// AgentAccountOf returns the body of an agent as administrators see it.
func AgentAccountOf(a *models.Agent) AgentAccount {
	return AgentAccount{
		Service: ServiceOf(a.Card()), Email: a.Email, Role: string(a.Role), Presence: string(a.Presence), Load: a.Load,
		MaxConcurrent: a.MaxConcurrent, RegularMaxConcurrent: a.RegularMax, MaxConcurrentUntil: OptionalTime(a.MaxUntil),
		MessageLoad: a.MessageLoad, MaxMessages: a.MaxMessages,
		Departments: append([]string{}, a.Departments...), IsDisabled: a.DisabledAt != nil,
		DisabledAt: OptionalTime(a.DisabledAt), CreatedAt: Time(a.CreatedAt),
	}
}

// AgentDetails is an account with its second factor, which lists do not read.
type AgentDetails struct {
	AgentAccount
	SecondFactor SecondFactor `json:"second_factor"`
}

// Site is an origin that may embed the widget.
type Site struct {
	Origin string `json:"origin"`
	// IsFixed is 1 for a site of ALLOWED_ORIGINS, which cannot be removed by this interface.
	IsFixed IntBool `json:"is_fixed"`
}

// SitesOf returns the bodies of all sites; those that are not among added come from the environment and are fixed.
func SitesOf(all, added []string) []Site {
	return Map(all, func(origin *string) Site { return Site{*origin, IntBool(!slices.Contains(added, *origin))} })
}

// SystemHealth is the state of the services and the result of the last check.
type SystemHealth struct {
	CheckedAt  *Time  `json:"checked_at"` // null before the first check
	AgeSeconds *int   `json:"age_seconds"`
	Postgres   string `json:"postgres"`
	Replica    string `json:"replica"` // see ReplicaWord
	Redis      string `json:"redis"`
	// RedisError is why Redis is unavailable, as far as that is known.
	RedisError redisclient.Reason `json:"redis_error,omitempty"`
	Mail       string             `json:"mail"`       // off, ok or failing
	Partitions string             `json:"partitions"` // see PartitionWord
	// SingleSignOn is the state of the provider: off, ok or unavailable.
	SingleSignOn string        `json:"single_sign_on"`
	Checks       []HealthCheck `json:"checks"`
}

// HealthCheck is one invariant with the rows that violate it.
type HealthCheck struct {
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	IsOK         IntBool         `json:"is_ok"`
	IsRepairable IntBool         `json:"is_repairable"`
	SubjectKind  string          `json:"subject_kind"`
	Findings     []HealthFinding `json:"findings"`
}

// HealthFinding is one row that violates an invariant.
type HealthFinding struct {
	SubjectID string `json:"subject_id"`
	Detail    string `json:"detail"`
}

// ReplicaWord is the state of the replica for reports: off without one, ok, lagging or unavailable.
func ReplicaWord(has bool, state models.ReplicaState) string {
	switch {
	case !has:
		return "off"
	case state.Err == nil:
		return "ok"
	case state.IsLagging():
		return "lagging"
	}
	return "unavailable"
}

// PartitionWord is the state of the partitions of messages: off without any, ok, or missing when the coming month has none.
func PartitionWord(has bool, months int) string {
	switch {
	case !has:
		return "off"
	case months == 0:
		return "missing"
	}
	return "ok"
}

// SystemHealthOf returns the body of the health page, with every finding. PostgreSQL is always "ok": the result was read from it.
// last is nil before the first check.
func SystemHealthOf(
	ctx context.Context, last *models.LastCheck, redisUp bool, redisError redisclient.Reason,
	mail, replica, partitions, singleSignOn string,
) SystemHealth {
	out := SystemHealth{
		Postgres: "ok", Replica: replica, Redis: "ok", Mail: mail, Partitions: partitions, SingleSignOn: singleSignOn,
	}
	if last == nil {
		last = new(models.LastCheck)
	} else {
		age := int(last.Age.Seconds())
		out.CheckedAt, out.AgeSeconds = OptionalTime(&last.At), &age
	}
	if !redisUp {
		out.Redis, out.RedisError = "unavailable", redisError
	}
	out.Checks = Map(last.Checked, func(i *models.Checked) HealthCheck {
		return HealthCheck{
			Name: i.Invariant, Description: text.T(ctx, "admin.health.rule."+i.Invariant), IsOK: len(i.Findings) == 0,
			IsRepairable: i.Repair != "", SubjectKind: i.About,
			Findings: Map(i.Findings, func(f *models.Finding) HealthFinding { return HealthFinding{f.Subject, f.Detail} }),
		}
	})
	return out
}

// FoundUsers are the users that a search found, at most 20.
type FoundUsers struct {
	Users []FoundUser `json:"users"`
	// IsTruncated is 1 when more users match than are returned.
	IsTruncated IntBool `json:"is_truncated"`
}

// FoundUser is one user that a search found.
type FoundUser struct {
	UserID         string  `json:"user_id"`
	UserName       *string `json:"user_name"`
	UserEmail      *string `json:"user_email"`
	UserIsVerified IntBool `json:"user_is_verified"`
	TotalChats     int     `json:"total_chats"`
	LastChatAt     *Time   `json:"last_chat_at"`
}

// FoundUserOf returns the body of a user that a search found.
func FoundUserOf(u *models.FoundUser) FoundUser {
	return FoundUser{u.ID, u.Name, u.Email, IntBool(u.IsVerified), u.Chats, OptionalTime(u.LastChatAt)}
}

// StoredUser is a user with the number of rows stored about them and their latest chats.
type StoredUser struct {
	FoundUser
	Locale        string      `json:"locale"`
	CreatedAt     Time        `json:"created_at"`
	FirstChatAt   *Time       `json:"first_chat_at"`
	OpenChats     int         `json:"open_chats"`
	TotalMessages int         `json:"total_messages"`
	TotalNotes    int         `json:"total_notes"`
	TotalRatings  int         `json:"total_ratings"`
	TotalSessions int         `json:"total_sessions"`
	Chats         []AgentChat `json:"chats"`

	TotalUserNotes  int `json:"total_user_notes"`
	TotalTags       int `json:"total_tags"`
	TotalAttributes int `json:"total_attributes"`
	TotalPages      int `json:"total_pages"`
}

// Erased is the number of rows of a user that were erased.
type Erased struct {
	Message        string `json:"message"`
	ErasedChats    int    `json:"erased_chats"`
	ErasedMessages int    `json:"erased_messages"`
	ErasedSessions int    `json:"erased_sessions"`
}

// ErasedOf returns the body of an erasure.
func ErasedOf(ctx context.Context, e *models.Erasure) Erased {
	return Erased{text.T(ctx, "admin.users.erased"), e.Chats, e.Messages, e.Sessions}
}
