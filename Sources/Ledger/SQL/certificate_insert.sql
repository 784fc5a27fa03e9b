INSERT INTO kugiri.certificate (run, revision, sha256, previous, body)
VALUES ($1, $2::integer, $3, $4, $5)
