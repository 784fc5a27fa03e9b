-- Of these contents those that a run still needs which is not among these runs.
SELECT DISTINCT r.input_hash FROM kugiri.run r
WHERE r.input_hash = ANY ($1::text[]) AND r.purge_began_at IS NULL AND r.run <> ALL ($2::text[])
