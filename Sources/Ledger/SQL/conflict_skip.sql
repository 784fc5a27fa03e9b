UPDATE kugiri.conflict SET state = 'skipped', settled_at = clock_timestamp()
WHERE run = $1 AND revision = $2::integer AND state = 'open'
