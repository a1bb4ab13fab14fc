DROP TABLE minute_samples;
DROP TABLE pulse;
DROP TABLE sites;
DROP TABLE settings;
