SELECT claim, slice, partition, low, high, weight, epoch, attempts FROM kugiri.claim
WHERE run = $1 AND revision = $2::integer AND phase = $3 AND finished_at IS NULL ORDER BY low
