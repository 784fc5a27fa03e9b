-- Notes who does a backout from here on.
UPDATE kugiri.backout SET host = $2, os_user = $3, process = $4::integer, pid = pg_backend_pid(),
    taken_at = clock_timestamp()
WHERE backout = $1::bigint
