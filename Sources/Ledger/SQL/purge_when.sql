SELECT to_char(purge_began_at, 'YYYY-MM-DD') FROM kugiri.run
WHERE run = $1 AND purge_began_at IS NOT NULL
