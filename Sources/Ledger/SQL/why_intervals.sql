-- Who did what to the range a key lies in; times in milliseconds.
SELECT phase, low, high, claim, epoch, chunk_no, slice, partition, worker,
    (extract(epoch FROM started_at) * 1000)::bigint,
    (extract(epoch FROM committed_at) * 1000)::bigint
FROM kugiri.interval
WHERE run = $1 AND revision = $2::integer AND low <= $3::text AND (high IS NULL OR $3::text < high)
ORDER BY committed_at, phase
