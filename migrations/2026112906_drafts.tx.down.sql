DROP TABLE drafts;
DROP SEQUENCE drafts_version;
