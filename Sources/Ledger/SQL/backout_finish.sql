WITH done AS (
    UPDATE kugiri.backout b SET ended_at = clock_timestamp(),
        left_alone = (SELECT count(*) FROM kugiri.backout_row r WHERE r.backout = b.backout)
    WHERE b.backout = $1::bigint AND b.ended_at IS NULL RETURNING b.run, b.partitions
)
UPDATE kugiri.run r SET state = 'backed_out' FROM done
WHERE r.run = done.run AND done.partitions IS NULL
