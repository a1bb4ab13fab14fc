DROP TABLE assistant_days;
