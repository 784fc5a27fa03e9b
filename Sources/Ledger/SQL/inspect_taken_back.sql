-- How often claims were taken back: a take raises epoch and attempts, a taking away the epoch only.
SELECT coalesce(sum(epoch - attempts), 0) FROM kugiri.claim
WHERE run = $1 AND revision = $2::integer
