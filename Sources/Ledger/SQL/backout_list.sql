-- What was taken back of a run, the oldest first; times in milliseconds.
SELECT backout, partitions, restored, removed, reopened,
    CASE WHEN ended_at IS NULL
        THEN (SELECT count(*) FROM kugiri.backout_row r WHERE r.backout = b.backout)
        ELSE left_alone END,
    reason, (extract(epoch FROM started_at) * 1000)::bigint,
    (extract(epoch FROM ended_at) * 1000)::bigint, revision
FROM kugiri.backout b WHERE run = $1 ORDER BY backout
