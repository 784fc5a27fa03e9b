-- Where a coordinator's events are heard.
UPDATE kugiri.tenure SET events = $3 WHERE run = $1 AND term = $2::bigint
