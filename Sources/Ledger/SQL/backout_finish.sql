-- Ends a backout. When nothing of the run's revision is left, by this one alone or together with
-- those before it, the run is backed out and not published any more.
WITH done AS (
    UPDATE kugiri.backout b SET ended_at = clock_timestamp(),
        left_alone = (SELECT count(*) FROM kugiri.backout_row r WHERE r.backout = b.backout)
    WHERE b.backout = $1::bigint AND b.ended_at IS NULL
    RETURNING b.backout, b.run, b.revision, b.partitions
), whole AS (
    SELECT d.run FROM done d
    WHERE d.partitions IS NULL OR NOT EXISTS (
        SELECT FROM kugiri.partition p
        WHERE p.run = d.run AND p.revision = d.revision AND NOT p.number = ANY (d.partitions)
            AND NOT EXISTS (
                SELECT FROM kugiri.backout b
                WHERE b.run = d.run AND b.revision = d.revision AND b.ended_at IS NOT NULL
                    AND p.number = ANY (b.partitions)))
), gone AS (
    UPDATE kugiri.publication p SET withdrawn_at = clock_timestamp()
    FROM whole WHERE p.run = whole.run AND p.withdrawn_at IS NULL
)
UPDATE kugiri.run r SET state = 'backed_out' FROM whole WHERE r.run = whole.run
