-- The hash tells workers that they must read the run again.
UPDATE kugiri.run SET definition = $2::jsonb, settings_hash = $3 WHERE run = $1
