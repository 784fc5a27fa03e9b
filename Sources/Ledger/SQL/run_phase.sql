UPDATE kugiri.run SET phase = $2 WHERE run = $1
