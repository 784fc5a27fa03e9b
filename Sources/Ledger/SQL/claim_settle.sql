-- Claims whose holders say that they are idle: what became of them, and of their slices' records.
SELECT c.claim, c.epoch, c.chunk_no, c.finished_at IS NOT NULL, c.pid IS NOT NULL,
    CASE WHEN c.phase = 'validate' THEN s.rejected END
FROM kugiri.claim c
LEFT JOIN kugiri.slice s ON (s.run, s.revision, s.slice) = (c.run, c.revision, c.slice)
WHERE c.claim = ANY ($1::bigint[])
