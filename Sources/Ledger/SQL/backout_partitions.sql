-- Partitions of a revision that were taken back, each once.
SELECT DISTINCT n FROM kugiri.backout b, unnest(b.partitions) n
WHERE b.run = $1 AND b.revision = $2::integer AND b.ended_at IS NOT NULL
ORDER BY n
