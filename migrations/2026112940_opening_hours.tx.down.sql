DROP TABLE opening_intervals;
DROP TABLE opening_exceptions;
DROP TABLE opening_hours;
