-- One row. The id tells this installation from every other one that shares its Redis. Together with the identity of the database
-- it is the prefix of everything that Parley keeps or publishes in Redis.
CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CONSTRAINT installation_one_row CHECK (one),
    id  uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO installation DEFAULT VALUES;
