UPDATE kugiri.run SET plan = $2::jsonb WHERE run = $1
