-- Single sign-on of the staff by OpenID Connect.

-- The accounts of the provider and the agents that they open. A provider names a person by subject; the e-mail address counts only once, when it is linked.
CREATE TABLE sso_accounts (
    issuer       text NOT NULL,
    subject      text NOT NULL,
    agent_id     text NOT NULL CONSTRAINT sso_accounts_agent_id_fkey REFERENCES agents ON DELETE CASCADE,
    linked_at    timestamptz NOT NULL DEFAULT now(),
    -- The agent was disabled because the account lost its groups, and is enabled again with them.
    is_suspended boolean NOT NULL DEFAULT false,
    PRIMARY KEY (issuer, subject),
    -- One account of a provider per agent.
    CONSTRAINT sso_accounts_agent_unique UNIQUE (agent_id, issuer)
);

-- Sign-ins that are at the provider. Only the browser that began one can finish it, once.
CREATE TABLE sso_flows (
    state_hash   bytea PRIMARY KEY,
    browser_hash bytea NOT NULL,
    nonce        text NOT NULL,
    verifier     text NOT NULL,
    redirect_uri text NOT NULL,
    next_path    text NOT NULL,
    expires_at   timestamptz NOT NULL
);

-- What the provider knows of a session: to sign out there too, and to end the session when the provider says so.
CREATE TABLE sso_sessions (
    token_hash bytea PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    issuer     text NOT NULL,
    subject    text NOT NULL,
    sid        text NOT NULL,
    id_token   text NOT NULL
);
-- A logout names the sessions by one of these.
CREATE INDEX sso_sessions_subject ON sso_sessions (issuer, subject);
CREATE INDEX sso_sessions_sid ON sso_sessions (issuer, sid);

-- Logout tokens that were used, each until it expires.
CREATE TABLE sso_logouts (
    issuer     text NOT NULL,
    jti        text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, jti)
);
