SELECT b.run, b.started_at FROM kugiri.backout b JOIN kugiri.run r USING (run)
WHERE r.target_id = $1::oid AND b.ended_at IS NULL ORDER BY b.backout LIMIT 1
