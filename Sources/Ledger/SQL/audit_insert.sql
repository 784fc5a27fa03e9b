INSERT INTO kugiri.audit (os_user, host, command, run, reason, hash_before, hash_after, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
