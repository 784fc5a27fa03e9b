-- How far the current phase is: slices, records, partitions, rejects, conflicts.
SELECT s.slices, s.records, s.staged, s.rejected, s.validated,
    (SELECT count(*) FROM kugiri.partition p WHERE p.run = $1 AND p.revision = $2::integer),
    (SELECT count(DISTINCT c.partition) FROM kugiri.claim c WHERE c.run = $1
        AND c.revision = $2::integer AND c.phase = 'load' AND c.finished_at IS NULL),
    i.handled, i.recent, l.late,
    (SELECT count(*) FROM kugiri.conflict x WHERE x.run = $1 AND x.revision = $2::integer
        AND x.state <> 'applied')
FROM (SELECT count(*) AS slices, coalesce(sum(records), 0) AS records,
        coalesce(sum(staged), 0) AS staged, coalesce(sum(rejected), 0) AS rejected,
        coalesce(sum(staged + rejected), 0) AS validated
      FROM kugiri.slice WHERE run = $1 AND revision = $2::integer) s,
    (SELECT coalesce(sum(staged), 0) AS handled,
        coalesce(sum(staged + CASE $3 WHEN 'validate' THEN rejected ELSE 0 END)
            FILTER (WHERE committed_at >= to_timestamp($4::bigint / 1000.0)), 0) AS recent
     FROM kugiri.interval
     WHERE run = $1 AND revision = $2::integer AND phase = $3) i,
    (SELECT coalesce(sum(late), 0) AS late FROM kugiri.interval
     WHERE run = $1 AND revision = $2::integer AND phase = 'load') l
