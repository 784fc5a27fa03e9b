SELECT n, sum(v) FROM kugiri.interval i, unnest(i.sums) WITH ORDINALITY AS u(v, n)
WHERE i.run = $1 AND i.revision = $2::integer AND i.phase = $3 GROUP BY n ORDER BY n
