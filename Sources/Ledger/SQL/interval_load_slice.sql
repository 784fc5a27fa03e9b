-- Ranges of a slice at whose ends chunks must end: what is loaded, and what unfinished claims are
-- about, since a claim's upper bound may have been lowered (PROTOCOL 14).
SELECT low, high FROM kugiri.interval
WHERE run = $1 AND revision = $2::integer AND phase = 'load' AND slice = $3::integer
UNION
SELECT low, high FROM kugiri.claim
WHERE run = $1 AND revision = $2::integer AND phase = 'load' AND slice = $3::integer
    AND finished_at IS NULL
ORDER BY low
