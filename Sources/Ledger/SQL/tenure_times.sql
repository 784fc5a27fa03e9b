-- What the coordinators of a run before a term took: in all (phase NULL) and per phase. One that
-- was killed lasted until its last trace in the ledger.
WITH tenure AS MATERIALIZED (
    SELECT t.term, t.started_at, coalesce(t.ended_at, greatest(t.started_at,
        (SELECT max(greatest(p.started_at, p.ended_at)) FROM kugiri.phase_time p
         WHERE p.run = t.run AND p.term = t.term),
        (SELECT max(i.committed_at) FROM kugiri.interval i
         WHERE i.run = t.run AND i.committed_at >= t.started_at
            AND i.committed_at < coalesce(t.next, clock_timestamp())))) AS ended_at
    FROM (SELECT *, lead(started_at) OVER (ORDER BY term) AS next
          FROM kugiri.tenure WHERE run = $1) t
    WHERE t.term < $2::bigint
)
SELECT NULL::text, coalesce(extract(epoch FROM sum(ended_at - started_at)), 0), true FROM tenure
UNION ALL
SELECT p.phase, extract(epoch FROM sum(coalesce(p.ended_at, t.ended_at) - p.started_at)),
    bool_or(p.ended_at IS NOT NULL)
FROM kugiri.phase_time p JOIN tenure t USING (term) WHERE p.run = $1 GROUP BY p.phase
