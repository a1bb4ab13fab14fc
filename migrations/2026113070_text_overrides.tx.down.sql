DROP TABLE text_overrides;
