DROP TABLE presence_changes;
DROP TRIGGER agents_choice_detail_cleared ON agents;
DROP FUNCTION clear_choice_detail();
ALTER TABLE agents
    DROP COLUMN choice_detail,
    DROP COLUMN break_reason_id,
    DROP COLUMN break_ends_at,
    DROP COLUMN break_overdue_at,
    DROP COLUMN input_at;
DROP TABLE break_reasons;
