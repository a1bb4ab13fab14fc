-- The temporary capacities end: the agents have their regular ones again.
UPDATE agents SET max_concurrent = regular_max, regular_max = NULL WHERE regular_max IS NOT NULL;
DROP TRIGGER agents_temporary_capacity_ended ON agents;
DROP FUNCTION end_temporary_capacity();
DROP TABLE temporary_capacity_agents;
DROP TABLE temporary_capacities;
ALTER TABLE agents
    DROP CONSTRAINT agents_temporary_has_end,
    DROP COLUMN regular_max,
    DROP COLUMN max_until;
