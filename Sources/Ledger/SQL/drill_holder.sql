-- A worker process that has a claim of a phase in hand, one inside a chunk before others: its name,
-- its process, its chunk.
SELECT c.worker, w.process, c.chunk_no + 1
FROM kugiri.claim c
JOIN kugiri.crew w ON w.run = c.run AND w.worker = c.worker AND w.left_at IS NULL
WHERE c.phase = $1 AND c.finished_at IS NULL AND c.epoch > 0 AND c.pid IS NOT NULL
ORDER BY c.processing IS NULL, w.term DESC, c.taken_at, c.claim LIMIT 1
