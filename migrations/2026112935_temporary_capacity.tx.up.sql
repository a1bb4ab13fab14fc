-- A capacity that agents have for a limited time. max_concurrent stays the number that assigning compares with; regular_max is what the agent
-- has again after max_until. Both are set while the temporary capacity is on.
ALTER TABLE agents
    ADD COLUMN regular_max integer CONSTRAINT agents_regular_max_range CHECK (regular_max BETWEEN 0 AND 100),
    ADD COLUMN max_until   timestamptz,
    -- No agent has a temporary capacity without an end.
    ADD CONSTRAINT agents_temporary_has_end CHECK ((regular_max IS NULL) = (max_until IS NULL));

-- One row for each time that a supervisor changed capacities for a limited time.
CREATE TABLE temporary_capacities (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    department text REFERENCES departments ON UPDATE CASCADE ON DELETE SET NULL, -- whose online agents were chosen; NULL for all
    change     integer NOT NULL CONSTRAINT temporary_capacities_change_range CHECK (change BETWEEN -100 AND 100 AND change <> 0),
    by_id      text NOT NULL, -- the agent who did
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at    timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text NOT NULL DEFAULT '', -- the agent who ended it early; '' for by itself
    CONSTRAINT temporary_capacities_period CHECK (ends_at > started_at)
);
-- Those that are on, the next to end first: few of very many.
CREATE INDEX temporary_capacities_on ON temporary_capacities (ends_at) WHERE ended_at IS NULL;
-- Deleting or renaming a department finds its rows.
CREATE INDEX temporary_capacities_department ON temporary_capacities (department) WHERE department IS NOT NULL;

-- The agents of each, with their capacity before and while it is on.
CREATE TABLE temporary_capacity_agents (
    temporary_capacity_id bigint NOT NULL REFERENCES temporary_capacities ON DELETE CASCADE,
    agent_id              text NOT NULL REFERENCES agents,
    from_capacity         integer NOT NULL,
    -- An agent whose capacity would not change is left out.
    to_capacity           integer NOT NULL CONSTRAINT temporary_capacity_agents_differs CHECK (to_capacity <> from_capacity),
    applied_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_back_at         timestamptz,
    PRIMARY KEY (temporary_capacity_id, agent_id)
);
-- An agent has one temporary capacity at a time.
CREATE UNIQUE INDEX temporary_capacity_agents_one_on ON temporary_capacity_agents (agent_id) WHERE taken_back_at IS NULL;
-- The latest change of an agent, for the invariant on capacity.
CREATE INDEX temporary_capacity_agents_agent ON temporary_capacity_agents (agent_id);

-- A capacity that is set otherwise ends the temporary one of the agent, also when the previous release sets it. The row of the agent says so
-- in every case.
CREATE FUNCTION end_temporary_capacity() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.max_concurrent <> OLD.max_concurrent AND NEW.regular_max = OLD.regular_max THEN
        NEW.regular_max := NULL;
    END IF;
    IF NEW.regular_max IS NULL THEN
        NEW.max_until := NULL;
        UPDATE temporary_capacity_agents SET taken_back_at = clock_timestamp() WHERE agent_id = NEW.id AND taken_back_at IS NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agents_temporary_capacity_ended BEFORE UPDATE OF max_concurrent, regular_max ON agents
    FOR EACH ROW WHEN (OLD.regular_max IS NOT NULL) EXECUTE FUNCTION end_temporary_capacity();
