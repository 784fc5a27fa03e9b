SELECT b.run, (extract(epoch FROM b.started_at) * 1000)::bigint, array_to_string(b.partitions, ',')
FROM kugiri.backout b JOIN kugiri.run r USING (run)
WHERE r.target_id = $1::oid AND b.ended_at IS NULL ORDER BY b.backout LIMIT 1
