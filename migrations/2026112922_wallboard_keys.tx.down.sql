DROP TABLE wallboard_keys;
