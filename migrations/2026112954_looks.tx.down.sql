DROP TRIGGER departments_counted ON departments;
DROP TABLE look_topics;
DROP TABLE looks;
