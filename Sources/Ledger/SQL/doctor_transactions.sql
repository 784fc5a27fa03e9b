-- Transactions that have been open for long and hold back vacuum, the oldest first (seconds).
SELECT 'process ' || pid || ' of ' || coalesce(usename, '?') || ', '
        || coalesce(nullif(application_name, ''), 'no application name') || ', ' || state,
    extract(epoch FROM clock_timestamp() - xact_start)::bigint
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND xact_start < clock_timestamp() - make_interval(secs => $1::integer)
UNION ALL
SELECT 'prepared transaction ' || gid || ' of ' || owner,
    extract(epoch FROM clock_timestamp() - prepared)::bigint
FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - make_interval(secs => $1::integer)
ORDER BY 2 DESC LIMIT $2::integer
