-- Who asks, and of what kind the server is; its clock in microseconds.
SELECT current_user, current_database(), pg_is_in_recovery(), inet_server_addr() IS NULL,
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    (SELECT count(*) FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND state IS NULL AND pid <> pg_backend_pid()),
    pg_has_role('pg_signal_backend', 'USAGE')
