UPDATE kugiri.run SET envelope = $2::jsonb, phase = 'validate' WHERE run = $1
