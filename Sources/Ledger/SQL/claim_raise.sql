-- Taking a claim away: from here on its holder writes nothing (PROTOCOL 11).
UPDATE kugiri.claim SET epoch = epoch + 1, processing = NULL
WHERE claim = $1::bigint
RETURNING epoch, finished_at IS NOT NULL, pid,
    to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS.USOF'), chunk_no
