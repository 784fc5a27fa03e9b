-- A worker takes the claim it was told of: the next epoch is this session's (PROTOCOL 9).
UPDATE kugiri.claim c SET epoch = c.epoch + 1, attempts = c.attempts + 1, worker = $3,
    pid = pg_backend_pid(),
    backend_start = (SELECT a.backend_start FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()),
    taken_at = clock_timestamp(),
    processing = CASE WHEN c.phase = 'load' THEN
        (SELECT kugiri.keyrange(k.low, k.high) FROM kugiri.chunk k
         WHERE k.run = c.run AND k.revision = c.revision AND k.low >= c.done_to
            AND (c.high IS NULL OR k.low < c.high) ORDER BY k.low LIMIT 1) END
FROM kugiri.run r
WHERE c.claim = $1::bigint AND c.epoch = $2::bigint AND c.finished_at IS NULL
    AND r.run = c.run AND r.state = 'open' AND r.revision = c.revision
RETURNING c.run, c.revision, c.phase, c.slice, c.partition, c.low, c.high, c.epoch, c.chunk_no,
    c.done_to, r.settings_hash
