-- Partitions of records that the target refused.
SELECT DISTINCT partition FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer AND late AND partition IS NOT NULL ORDER BY partition
