-- A transfer as an offer: the receiver accepts or declines it before expires_at, and the sender keeps the chat until then. A chat that goes
-- to a queue has a row too, without a receiver. The texts are the hand-over note of the chat once handed_over_at is set.
CREATE TABLE transfer_offers (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id        text NOT NULL CONSTRAINT transfer_offers_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    from_agent_id  text NOT NULL REFERENCES agents,
    to_agent_id    text REFERENCES agents,
    department     text REFERENCES departments ON UPDATE CASCADE ON DELETE SET NULL, -- to which it was offered; NULL for an agent
    wants          text NOT NULL CONSTRAINT transfer_offers_wants_length CHECK (char_length(wants) BETWEEN 1 AND 1000),
    tried          text NOT NULL DEFAULT '' CONSTRAINT transfer_offers_tried_length CHECK (char_length(tried) <= 1000),
    promised       text NOT NULL DEFAULT '' CONSTRAINT transfer_offers_promised_length CHECK (char_length(promised) <= 1000),
    made_at        timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    state          text NOT NULL DEFAULT 'open'
                   CONSTRAINT transfer_offers_state_known CHECK (state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn', 'queued')),
    reason         text NOT NULL DEFAULT '' CONSTRAINT transfer_offers_reason_length CHECK (char_length(reason) <= 300),
    answered_at    timestamptz,
    handed_over_at timestamptz,
    -- No agent is offered a chat of their own.
    CONSTRAINT transfer_offers_other_agent CHECK (to_agent_id <> from_agent_id),
    CONSTRAINT transfer_offers_period CHECK (expires_at >= made_at),
    -- Only what goes to a queue has no receiver.
    CONSTRAINT transfer_offers_receiver CHECK ((to_agent_id IS NULL) = (state = 'queued')),
    CONSTRAINT transfer_offers_answer_fits_state CHECK ((answered_at IS NULL) = (state = 'open')),
    -- An offer that was declined or expired leaves the chat with its sender, unless it was one to a department.
    CONSTRAINT transfer_offers_hand_over_fits_state CHECK (CASE WHEN state IN ('accepted', 'queued') THEN handed_over_at IS NOT NULL
        ELSE handed_over_at IS NULL OR state IN ('declined', 'expired') END)
);
-- A chat has one open offer at most.
CREATE UNIQUE INDEX transfer_offers_one_open_per_chat ON transfer_offers (chat_id) WHERE state = 'open';
-- The offers that wait for an answer, the next to expire first. They are few, so their senders and receivers are found by it too.
CREATE INDEX transfer_offers_open ON transfer_offers (expires_at) WHERE state = 'open';
-- The latest offer of a chat; removing a chat finds its offers.
CREATE INDEX transfer_offers_chat ON transfer_offers (chat_id, id);
-- The offers that were answered a moment ago, which streams compare with what they sent.
CREATE INDEX transfer_offers_answered ON transfer_offers (answered_at) WHERE state <> 'open';
-- Renaming a department finds its offers.
CREATE INDEX transfer_offers_department ON transfer_offers (department) WHERE department IS NOT NULL;

-- The open offer of a chat, so that ending or moving a chat reads offers only if there is one. The previous release leaves it on a chat that
-- it ends or moves; the sweep then withdraws the offer.
ALTER TABLE chats ADD COLUMN offer_id bigint;
-- reserved is the agent's places that open offers hold. The previous release does not know it and may fill them: accepting is then refused.
ALTER TABLE agents ADD COLUMN reserved integer NOT NULL DEFAULT 0 CONSTRAINT agents_reserved_not_negative CHECK (reserved >= 0);
