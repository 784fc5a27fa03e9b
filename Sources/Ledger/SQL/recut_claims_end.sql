-- Whoever still holds one is fenced by the epoch as well.
UPDATE kugiri.claim SET high = done_to, finished_at = clock_timestamp(), processing = NULL,
    epoch = epoch + 1
WHERE run = $1 AND revision = $2::integer AND phase = 'load' AND finished_at IS NULL
    AND done_to > low
