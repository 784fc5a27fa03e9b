INSERT INTO kugiri.certificate (run, sha256, previous, body) VALUES ($1, $2, $3, $4)
