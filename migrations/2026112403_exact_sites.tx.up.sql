-- Sites stand in headers, so the table itself holds nothing but exact origins: scheme, name or IPv4 address, port.
-- What was stored before and is none has never matched a site.
DELETE FROM sites WHERE origin !~ '^https?://[a-z0-9][a-z0-9.-]*(:[1-9][0-9]{0,4})?$' OR length(origin) > 270;
ALTER TABLE sites ADD CONSTRAINT sites_exact CHECK (origin ~ '^https?://[a-z0-9][a-z0-9.-]*(:[1-9][0-9]{0,4})?$' AND length(origin) <= 270);
