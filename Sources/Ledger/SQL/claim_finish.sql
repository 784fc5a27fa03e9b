-- A claim done in one step (validate, certify).
UPDATE kugiri.claim SET finished_at = clock_timestamp(), processing = NULL
WHERE claim = $1::bigint AND epoch = $2::bigint AND finished_at IS NULL
RETURNING claim
