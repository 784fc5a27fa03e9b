-- Ends what is left of a run's coordinators beside the session that held the target: a frozen one
-- may have the run's row locked in the session that takes claims away. Asked for by whoever holds
-- the target now and has no such session yet. Names of sessions have 63 bytes.
SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND a.application_name IN (left('kugiri coordinator ' || $1 || ' guard', 63),
        left('kugiri coordinator ' || $1 || ' pulse', 63))
