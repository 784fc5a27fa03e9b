-- What a run must not leave behind, in words: sessions, open transactions, advisory locks, staging
-- of others.
SELECT 'session ' || application_name FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (application_name LIKE 'kugiri%' OR state LIKE 'idle in transaction%')
UNION ALL
SELECT 'advisory lock of session ' || pid FROM pg_locks
WHERE locktype = 'advisory' AND database = (
    SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT 'staging table ' || c.relname FROM pg_class c
WHERE c.relnamespace = 'kugiri_stage'::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT FROM kugiri.publication p JOIN kugiri.run r USING (run)
        WHERE c.relname = 'r' || r.number)
    AND NOT EXISTS (SELECT FROM kugiri.publication p JOIN kugiri.slice s USING (run)
        WHERE s.staging = 'kugiri_stage.' || c.relname)
