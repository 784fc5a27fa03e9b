-- Control totals over all slices, per group and figure; NULL where one could not be read.
SELECT t.grouping, u.n, CASE WHEN bool_or(u.v IS NULL) THEN NULL ELSE sum(u.v) END
FROM kugiri.total t, unnest(t.figures) WITH ORDINALITY AS u(v, n)
WHERE t.run = $1 AND t.revision = $2::integer GROUP BY t.grouping, u.n ORDER BY t.grouping, u.n
