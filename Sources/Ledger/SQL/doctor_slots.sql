-- Replication slots that nobody reads: they keep write-ahead log, and row versions.
SELECT slot_name FROM pg_replication_slots WHERE NOT active ORDER BY slot_name
