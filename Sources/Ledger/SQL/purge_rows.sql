-- Everything the ledger has about a run but its row, certificate and publication; one statement, so
-- that a purged run is one without rows.
WITH d1 AS (DELETE FROM kugiri.partition WHERE run = $1),
    d2 AS (DELETE FROM kugiri.slice WHERE run = $1),
    d3 AS (DELETE FROM kugiri.claim WHERE run = $1),
    d4 AS (DELETE FROM kugiri.interval WHERE run = $1),
    d5 AS (DELETE FROM kugiri.chunk WHERE run = $1),
    d6 AS (DELETE FROM kugiri.total WHERE run = $1),
    d7 AS (DELETE FROM kugiri.share WHERE run = $1),
    d8 AS (DELETE FROM kugiri.reject WHERE run = $1),
    d9 AS (DELETE FROM kugiri.conflict WHERE run = $1),
    d10 AS (DELETE FROM kugiri.absent WHERE run = $1),
    d11 AS (DELETE FROM kugiri.tenure WHERE run = $1),
    d12 AS (DELETE FROM kugiri.phase_time WHERE run = $1),
    d13 AS (DELETE FROM kugiri.crew WHERE run = $1),
    d14 AS (DELETE FROM kugiri.revision WHERE run = $1),
    d15 AS (DELETE FROM kugiri.backout_row WHERE backout IN (
        SELECT backout FROM kugiri.backout WHERE run = $1)),
    d16 AS (DELETE FROM kugiri.backout WHERE run = $1),
    d17 AS (DELETE FROM kugiri.instruction WHERE run = $1)
UPDATE kugiri.run SET purged_at = clock_timestamp(), envelope = NULL
WHERE run = $1 AND purge_began_at IS NOT NULL
RETURNING run
