-- Other runs on the same table whose before-images are still there, the newest first.
SELECT run, number FROM kugiri.run
WHERE target_id = $1::oid AND run <> $2 AND to_regclass('kugiri_history.r' || number) IS NOT NULL
ORDER BY number DESC LIMIT $3::integer
