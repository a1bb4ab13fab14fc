DROP TABLE stream_tickets;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE agent_departments;
DROP TABLE agents;
DROP TABLE departments;
