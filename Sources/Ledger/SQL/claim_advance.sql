-- First statement of a load chunk (PROTOCOL 10): one row, or the chunk is not ours to do. The upper
-- bound is the row's: it may have been lowered since the claim was taken (PROTOCOL 14).
UPDATE kugiri.claim SET chunk_no = chunk_no + 1, done_to = $5,
    processing = CASE WHEN $6::text IS NULL OR $5 = coalesce(high, U&'\+10FFFF') THEN NULL
        ELSE kugiri.keyrange($6, nullif($7, U&'\+10FFFF')) END,
    finished_at = CASE WHEN $5 = coalesce(high, U&'\+10FFFF') THEN clock_timestamp() END
WHERE claim = $1::bigint AND epoch = $2::bigint AND chunk_no = $3::integer AND done_to = $4
    AND $5 <= coalesce(high, U&'\+10FFFF') AND finished_at IS NULL
RETURNING chunk_no, finished_at IS NOT NULL
