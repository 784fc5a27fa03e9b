SELECT partition, sum(records), sum(rejected), sum(absent) FROM kugiri.share
WHERE run = $1 AND revision = $2::integer GROUP BY partition ORDER BY partition
