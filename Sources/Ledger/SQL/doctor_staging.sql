-- Staging that no run needs any more: of closed or unknown runs, and of published ones that a
-- later night of the job has replaced.
SELECT count(*), coalesce(sum(pg_total_relation_size(t.oid)), 0)::bigint,
    coalesce(string_agg(DISTINCT coalesce(r.run, 'an unknown run'), ', '), '')
FROM (SELECT c.oid, substring(c.relname FROM '^r([0-9]+)')::bigint AS number FROM pg_class c
      WHERE c.relnamespace = to_regnamespace('kugiri_stage') AND c.relkind IN ('r', 'p')) t
LEFT JOIN kugiri.run r ON r.number = t.number
WHERE r.run IS NULL OR r.state IN ('ended', 'superseded', 'backed_out')
    OR (r.state = 'published' AND EXISTS (SELECT FROM kugiri.publication p
        JOIN kugiri.publication q ON q.job = p.job AND q.number > p.number WHERE p.run = r.run))
