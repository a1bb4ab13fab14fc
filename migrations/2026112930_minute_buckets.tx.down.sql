INSERT INTO minute_samples SELECT minute, waiting, longest_wait_seconds, agents_online, load, slots FROM minute_buckets
    WHERE department = '' AND agents_online IS NOT NULL AND slots IS NOT NULL AND minute > now() - interval '35 days'
    ON CONFLICT DO NOTHING;
DROP TABLE minute_buckets;
