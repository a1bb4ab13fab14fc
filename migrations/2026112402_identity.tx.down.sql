DROP TABLE sign_in_steps;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
ALTER TABLE sessions
    DROP COLUMN seen_at,
    DROP COLUMN address,
    DROP COLUMN id;
