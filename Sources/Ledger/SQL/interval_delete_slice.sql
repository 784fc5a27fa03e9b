-- Validation of a slice done anew replaces what it said before.
DELETE FROM kugiri.interval
WHERE run = $1 AND revision = $2::integer AND phase = 'validate' AND slice = $3::integer
