UPDATE kugiri.backout SET done_to = $3, restored = restored + $4::bigint,
    removed = removed + $5::bigint, reopened = reopened + $6::bigint
WHERE backout = $1::bigint AND done_to = $2 AND ended_at IS NULL
