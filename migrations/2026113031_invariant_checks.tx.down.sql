DROP TABLE invariant_checks;
