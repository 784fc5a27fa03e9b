UPDATE kugiri.backout SET restored = restored + $2::bigint, removed = removed + $3::bigint,
    reopened = reopened + $4::bigint
WHERE backout = $1::bigint AND ended_at IS NULL
