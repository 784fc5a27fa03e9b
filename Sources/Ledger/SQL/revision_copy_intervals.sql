-- Loads outside the ranges ($5 lows, $6 highs) and what was proved of slices that stay as they are.
INSERT INTO kugiri.interval (run, revision, phase, low, high, claim, epoch, chunk_no, slice,
    partition, worker, staged, inserted, updated, deleted, closed, unchanged, converged, conflicts,
    late, rejected, sums, digest, changed_since, differing, restored, xid, started_at,
    committed_at)
SELECT run, $3::integer, phase, low, high, claim, epoch, chunk_no, slice, partition, worker, staged,
    inserted, updated, deleted, closed, unchanged, converged, conflicts, late, rejected, sums,
    digest, changed_since, differing, restored, xid, started_at, committed_at
FROM kugiri.interval i
WHERE i.run = $1 AND i.revision = $2::integer AND CASE i.phase
    WHEN 'load' THEN NOT EXISTS (
        SELECT FROM unnest($5::text[] COLLATE "C", $6::text[] COLLATE "C") AS x(low, high)
        WHERE (x.high IS NULL OR i.low < x.high) AND (i.high IS NULL OR x.low < i.high))
    ELSE i.slice <> ALL ($4::integer[]) END
