-- Reports that an agent has saved under a name: the query of the page. A shared one is seen by every supervisor.
CREATE TABLE report_views (
    id         text PRIMARY KEY,
    agent_id   text NOT NULL REFERENCES agents ON DELETE CASCADE,
    name       text NOT NULL CONSTRAINT report_views_name_length CHECK (char_length(name) BETWEEN 1 AND 60),
    query      text NOT NULL CONSTRAINT report_views_query_length CHECK (char_length(query) <= 1000),
    is_shared  boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- A name means one report of an agent.
CREATE UNIQUE INDEX report_views_name_unique ON report_views (agent_id, lower(name));
