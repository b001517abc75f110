BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE charge_point_settings (
	site_id VARCHAR NOT NULL,
	charge_point_id VARCHAR NOT NULL,
	position BIGINT NOT NULL,
	origin VARCHAR NOT NULL,
	data JSON NOT NULL,
	CONSTRAINT pk_charge_point_settings PRIMARY KEY (site_id, charge_point_id)
);
INSERT INTO "charge_point_settings" VALUES('s','a',1,'file','{"charge_point_id":"a","site_id":"s","connectors":2,"max_power_w":22000,"current":"AC","phases":3,"in_service":true,"offline_limit_w":0,"protocol":null,"password_sha256":null}');
CREATE TABLE charge_points (
	site_id VARCHAR NOT NULL,
	charge_point_id VARCHAR NOT NULL,
	data JSON NOT NULL,
	CONSTRAINT pk_charge_points PRIMARY KEY (site_id, charge_point_id)
);
INSERT INTO "charge_points" VALUES('s','a','{"charge_point_id":"a","connection_id":"c1","ready":true,"protocol":"ocpp1.6","vendor":"Maker","model":"One","serial_number":null,"firmware_version":null,"commissioned_at_s":1767225601.0,"connected_at_s":1767225601.0,"disconnected_at_s":null,"booted_at_s":1767225601.0,"capabilities":{"rate_units":["A"],"max_stack_level":8,"max_periods":null,"max_profiles":null,"switches_phases":null,"meter_interval_s":60.0,"current_step_a":0.1,"relative_profiles":false}}');
CREATE TABLE connector_limits (
	site_id VARCHAR NOT NULL,
	charge_point_id VARCHAR NOT NULL,
	connector_id INTEGER NOT NULL,
	data JSON NOT NULL,
	CONSTRAINT pk_connector_limits PRIMARY KEY (site_id, charge_point_id, connector_id)
);
INSERT INTO "connector_limits" VALUES('s','a',1,'{"charge_point_id":"a","connector_id":1,"default":{"limit_id":1,"purpose":"default","limit_w":0,"transaction_id":null,"connection_id":"c1","issued_at":1767225603.0,"awaited":true},"transaction":{"limit_id":2,"purpose":"transaction","limit_w":11000,"transaction_id":"t1","connection_id":"c1","issued_at":1767225607.0,"awaited":true},"outstanding":[{"limit_id":3,"purpose":"transaction","limit_w":6000,"transaction_id":"t1","connection_id":"c1","issued_at":1767225630.0,"awaited":false}],"settling":[],"confirmed_at":1767225608.0,"raised_at":1767225608.0,"default_failure":null,"transaction_failure":{"count":1,"at":1767225660.0,"cause":"Timeout"}}');
CREATE TABLE connectors (
	site_id VARCHAR NOT NULL,
	charge_point_id VARCHAR NOT NULL,
	connector_id INTEGER NOT NULL,
	data JSON NOT NULL,
	CONSTRAINT pk_connectors PRIMARY KEY (site_id, charge_point_id, connector_id)
);
INSERT INTO "connectors" VALUES('s','a',1,'{"charge_point_id":"a","connector_id":1,"status":"Charging","error_code":null,"status_at_s":1767225605.0}');
CREATE TABLE events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	site_id VARCHAR NOT NULL,
	at_utc_s DOUBLE NOT NULL,
	type VARCHAR NOT NULL,
	charge_point_id VARCHAR,
	data JSON NOT NULL
);
INSERT INTO "events" VALUES(1,'s',1767225600.0,'SiteDeclared',NULL,'{"settings":{"site_id":"s","name":"Car park","timezone":"Europe/London","grid_capacity_w":100000,"voltage_v":230.0,"voltage_max_v":253.0}}');
INSERT INTO "events" VALUES(2,'s',1767225600.0,'ChargePointDeclared','a','{"settings":{"charge_point_id":"a","site_id":"s","connectors":2,"max_power_w":22000,"current":"AC","phases":3,"in_service":true,"offline_limit_w":0,"protocol":null}}');
INSERT INTO "events" VALUES(3,'s',1767225600.0,'SmartChargingConfigured',NULL,'{"smart_charging":{"max_power_w":50000,"strategy":"scheduled","min_power_per_charger_w":1400,"priority_order":["a"],"schedule":[{"days":[0,1],"start_min":60,"end_min":1440,"max_power_w":20000,"charge_point_limits_w":{"a":5000}}],"updated_at_s":3.5}}');
INSERT INTO "events" VALUES(4,'s',1767225601.0,'ChargePointConnected','a','{"connection_id":"c1","protocol":"ocpp1.6"}');
INSERT INTO "events" VALUES(5,'s',1767225601.0,'ChargePointReady','a','{"connection_id":"c1"}');
INSERT INTO "events" VALUES(6,'s',1767225601.0,'ChargePointBooted','a','{"vendor":"Maker","model":"One","serial_number":null,"firmware_version":null,"reason":null}');
INSERT INTO "events" VALUES(7,'s',1767225602.0,'CapabilitiesLearned','a','{"capabilities":{"rate_units":["A"],"max_stack_level":8,"max_periods":null,"max_profiles":null,"switches_phases":null,"meter_interval_s":60.0,"current_step_a":0.1,"relative_profiles":false}}');
INSERT INTO "events" VALUES(8,'s',1767225603.0,'LimitIssued','a','{"connector_id":1,"limit_id":1,"purpose":"default","limit_w":0,"connection_id":"c1","transaction_id":null,"cause":"fallback"}');
INSERT INTO "events" VALUES(9,'s',1767225604.0,'LimitConfirmed','a','{"connector_id":1,"limit_id":1}');
INSERT INTO "events" VALUES(10,'s',1767225605.0,'ConnectorStatusChanged','a','{"connector_id":1,"status":"Charging","error_code":null}');
INSERT INTO "events" VALUES(11,'s',1767225606.0,'TransactionStarted','a','{"connector_id":1,"transaction_id":"t1","session_id":7,"started_at_s":1767225606.0,"id_token":"TAG","start_key":"start","register_wh":1000.0}');
INSERT INTO "events" VALUES(12,'s',1767225607.0,'LimitIssued','a','{"connector_id":1,"limit_id":2,"purpose":"transaction","limit_w":11000,"connection_id":"c1","transaction_id":"t1","cause":"site budget"}');
INSERT INTO "events" VALUES(13,'s',1767225608.0,'LimitConfirmed','a','{"connector_id":1,"limit_id":2}');
INSERT INTO "events" VALUES(14,'s',1767225630.0,'LimitIssued','a','{"connector_id":1,"limit_id":3,"purpose":"transaction","limit_w":6000,"connection_id":"c1","transaction_id":"t1","cause":"site budget"}');
INSERT INTO "events" VALUES(15,'s',1767225660.0,'LimitUnanswered','a','{"connector_id":1,"limit_id":3,"cause":"Timeout"}');
CREATE TABLE history_minutes (
	site_id VARCHAR NOT NULL,
	minute_start_s BIGINT NOT NULL,
	covered_s DOUBLE NOT NULL,
	allocated_ws DOUBLE NOT NULL,
	actual_ws DOUBLE NOT NULL,
	max_active INTEGER NOT NULL,
	CONSTRAINT pk_history_minutes PRIMARY KEY (site_id, minute_start_s)
);
INSERT INTO "history_minutes" VALUES('s',1767225600,60.0,1.0,2.0,1);
CREATE TABLE meter_readings (
	site_id VARCHAR NOT NULL,
	charge_point_id VARCHAR NOT NULL,
	connector_id INTEGER NOT NULL,
	data JSON NOT NULL,
	CONSTRAINT pk_meter_readings PRIMARY KEY (site_id, charge_point_id, connector_id)
);
INSERT INTO "meter_readings" VALUES('s','a',1,'{"charge_point_id":"a","connector_id":1,"at":1767225620.0,"measured_at_s":1767225620.0,"power_w":10900.5,"source":"power","energy_wh":1050.0}');
CREATE TABLE meter_samples (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	site_id VARCHAR NOT NULL,
	charge_point_id VARCHAR NOT NULL,
	connector_id INTEGER NOT NULL,
	at_utc_s DOUBLE NOT NULL,
	measured_at_s DOUBLE NOT NULL,
	transaction_id VARCHAR,
	power_w DOUBLE,
	source VARCHAR,
	energy_wh DOUBLE
);
INSERT INTO "meter_samples" VALUES(1,'s','a',1,1767225620.0,1767225620.0,'t1',10900.5,'power',1050.0);
CREATE TABLE sequences (
	name VARCHAR NOT NULL,
	value BIGINT NOT NULL,
	CONSTRAINT pk_sequences PRIMARY KEY (name)
);
CREATE TABLE sites (
	site_id VARCHAR NOT NULL,
	origin VARCHAR NOT NULL,
	data JSON NOT NULL,
	CONSTRAINT pk_sites PRIMARY KEY (site_id)
);
INSERT INTO "sites" VALUES('s','file','{"site_id":"s","name":"Car park","timezone":"Europe/London","grid_capacity_w":100000,"voltage_v":230.0,"voltage_max_v":253.0}');
CREATE TABLE smart_charging (
	site_id VARCHAR NOT NULL,
	origin VARCHAR NOT NULL,
	data JSON NOT NULL,
	CONSTRAINT pk_smart_charging PRIMARY KEY (site_id)
);
INSERT INTO "smart_charging" VALUES('s','file','{"max_power_w":50000,"strategy":"scheduled","min_power_per_charger_w":1400,"priority_order":["a"],"schedule":[{"days":[0,1],"start_min":60,"end_min":1440,"max_power_w":20000,"charge_point_limits_w":{"a":5000}}],"updated_at_s":3.5}');
CREATE TABLE transactions (
	session_id BIGINT NOT NULL,
	site_id VARCHAR NOT NULL,
	transaction_id VARCHAR NOT NULL,
	charge_point_id VARCHAR NOT NULL,
	connector_id INTEGER NOT NULL,
	id_token VARCHAR,
	started_at_s DOUBLE,
	start_key VARCHAR NOT NULL,
	ended_at_s DOUBLE,
	energy_wh DOUBLE,
	register_wh DOUBLE,
	stop_reason VARCHAR,
	orphan BOOLEAN NOT NULL,
	at_s DOUBLE NOT NULL,
	active BOOLEAN NOT NULL,
	CONSTRAINT pk_transactions PRIMARY KEY (session_id)
);
INSERT INTO "transactions" VALUES(7,'s','t1','a',1,'TAG',1767225606.0,'start',NULL,50.0,1050.0,NULL,0,1767225606.0,1);
CREATE INDEX ix_events_site_id_at_utc_s ON events (site_id, at_utc_s);
CREATE INDEX ix_events_charge_point_id_id ON events (charge_point_id, id);
CREATE INDEX ix_meter_samples_site_id_at_utc_s ON meter_samples (site_id, at_utc_s);
CREATE INDEX ix_transactions_at_s_session_id ON transactions (at_s, session_id);
CREATE INDEX ix_transactions_active_at_s_session_id ON transactions (active, at_s, session_id);
CREATE INDEX ix_transactions_site_id_at_s_session_id ON transactions (site_id, at_s, session_id);
CREATE INDEX ix_transactions_site_id_active_at_s_session_id ON transactions (site_id, active, at_s, session_id);
CREATE INDEX ix_transactions_charge_point_id_at_s_session_id ON transactions (charge_point_id, at_s, session_id);
CREATE INDEX ix_transactions_charge_point_id_active_session_id ON transactions (charge_point_id, active, session_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',15);
INSERT INTO "sqlite_sequence" VALUES('meter_samples',1);
COMMIT;
