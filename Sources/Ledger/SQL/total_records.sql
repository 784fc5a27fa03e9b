SELECT grouping, sum(records) FROM kugiri.total
WHERE run = $1 AND revision = $2::integer GROUP BY grouping ORDER BY grouping
