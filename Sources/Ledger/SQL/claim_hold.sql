-- Keeps a claim for a transaction that changes what is still to be done of it (PROTOCOL 10).
SELECT claim FROM kugiri.claim
WHERE claim = $1::bigint AND epoch = $2::bigint AND chunk_no = $3::integer AND done_to = $4
    AND finished_at IS NULL
FOR NO KEY UPDATE
