package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// ticketTTL is short because a ticket is part of an address, and addresses get into logs.
const ticketTTL = 30 * time.Second

// IssueTicket returns a single-use stream ticket, valid for 30 s. The stream that it opens ends with the session, or at
// ends. A user who was erased is 401 unauthorized.
func (d *Desk) IssueTicket(ctx context.Context, actor Actor, sessionHash []byte, ends time.Time) (string, error) {
	token, hash := newToken()
	var agentID, userID *string
	if actor.IsUser() {
		userID = &actor.ID
	} else {
		agentID = &actor.ID
	}
	_, err := d.db.NewRaw(`INSERT INTO stream_tickets VALUES (?, ?, ?, ?, ?, now() + make_interval(secs => ?))`,
		hash, agentID, userID, sessionHash, ends, ticketTTL.Seconds()).Exec(ctx)
	if violates(err, streamTicketsUserIDFkey) {
		return "", ErrUnauthorized
	}
	return token, translate(err)
}

// Redeemed is who a ticket was issued to.
type Redeemed struct {
	Actor     Actor
	Anonymous bool // a user not verified by any host site
	Session   []byte
	Ends      time.Time
}

// RedeemTicket returns who a ticket was issued to, and uses the ticket up. It is 401 unauthorized when the ticket is
// unknown, used or expired, or when the session that it came from has ended.
func (d *Desk) RedeemTicket(ctx context.Context, ticket string) (*Redeemed, error) {
	var row struct {
		AgentID, UserID *string
		SessionHash     []byte
		SessionEnds     time.Time
		Role            *Role
		IsVerified      *bool
	}
	err := d.db.NewRaw(`WITH used AS (DELETE FROM stream_tickets WHERE token_hash = ? RETURNING *)
		SELECT used.agent_id, used.user_id, used.session_hash, used.session_ends, a.role, u.is_verified FROM used
		LEFT JOIN agents a ON a.id = used.agent_id AND a.disabled_at IS NULL
		LEFT JOIN users u ON u.id = used.user_id
		WHERE used.expires_at > now() AND (u.id IS NOT NULL OR a.id IS NOT NULL)
			AND (used.session_hash IS NULL OR EXISTS (SELECT FROM sessions s WHERE s.token_hash = used.session_hash AND s.expires_at > now()))`,
		HashToken(ticket)).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrUnauthorized
	}
	if err != nil {
		return nil, translate(err)
	}
	r := &Redeemed{Session: row.SessionHash, Ends: row.SessionEnds}
	if row.UserID != nil {
		r.Actor, r.Anonymous = UserActor(*row.UserID), row.IsVerified == nil || !*row.IsVerified
		return r, nil
	}
	r.Actor = Actor{Kind: KindAgent, ID: *row.AgentID, Role: *row.Role}
	return r, nil
}
