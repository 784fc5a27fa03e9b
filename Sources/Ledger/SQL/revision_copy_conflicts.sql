INSERT INTO kugiri.conflict (run, revision, slice, partition, key, record, seq, kind, seen, seen_at,
    seen_xmin, found_at, found_xmin, state, outcome, noted_at, settled_at)
SELECT run, $3::integer, slice, partition, key, record, seq, kind, seen, seen_at, seen_xmin,
    found_at, found_xmin, state, outcome, noted_at, settled_at
FROM kugiri.conflict c
WHERE c.run = $1 AND c.revision = $2::integer AND NOT EXISTS (
    SELECT FROM unnest($4::text[] COLLATE "C", $5::text[] COLLATE "C") AS x(low, high)
    WHERE c.key >= x.low AND (x.high IS NULL OR c.key < x.high))
