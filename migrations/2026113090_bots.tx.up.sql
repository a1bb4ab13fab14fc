-- Bots: agents that are programs. They answer new chats first, by an API key, and hand over to people.
ALTER TABLE agents ADD COLUMN kind text NOT NULL DEFAULT 'human' CONSTRAINT agents_kind_known CHECK (kind IN ('human', 'bot'));

-- What a bot is besides an agent. Its row in agents is always offline, without capacity and without load, so that nothing that counts agents, in this
-- release or the previous one, counts it or gives it a chat. How many chats it has is counted when a chat is started, under the lock of the queue.
CREATE TABLE bots (
    agent_id          text PRIMARY KEY CONSTRAINT bots_agent_id_fkey REFERENCES agents ON DELETE CASCADE,
    max_concurrent    integer NOT NULL DEFAULT 50 CONSTRAINT bots_max_concurrent_range CHECK (max_concurrent BETWEEN 1 AND 1000),
    -- How long a message of the user may stay unanswered until the chat is handed over.
    answer_seconds    integer NOT NULL DEFAULT 10 CONSTRAINT bots_answer_seconds_range CHECK (answer_seconds BETWEEN 2 AND 120),
    serves_general    boolean NOT NULL DEFAULT true, -- gets chats that ask for no department
    silent_in_a_row   integer NOT NULL DEFAULT 0, -- chats that were handed over because it did not answer, since its latest answer
    passed_over_until timestamptz -- it gets no chats until then, because it did not answer several times
);

-- The bot that got the chat when it was started. A bot has the chat while this is its agent, and a chat that ended so was with no person.
-- No foreign key: checking it would read every chat while none can be written. agent_id has one, and it was the same agent.
ALTER TABLE chats ADD COLUMN bot_id text;

ALTER TABLE messages
    ADD COLUMN by_bot        boolean NOT NULL DEFAULT false,
    ADD COLUMN quick_replies text[]; -- answers that the user can choose from; NULL for none
