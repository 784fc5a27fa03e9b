SELECT epoch, chunk_no, finished_at IS NOT NULL, pid,
    to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS.USOF')
FROM kugiri.claim WHERE claim = $1::bigint
