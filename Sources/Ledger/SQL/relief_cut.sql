-- Straggler relief (PROTOCOL 14): the claim ends at $3, its tail is a claim of its own. Asked again
-- of the newest row, after its holder's chunk: nothing that is being processed is given away.
WITH cut AS (
    UPDATE kugiri.claim SET high = $3, weight = weight - $5::bigint
    WHERE claim = $1::bigint AND epoch = $2::bigint AND finished_at IS NULL
        AND upper(processing) COLLATE "C" <= $3 AND high IS NOT DISTINCT FROM $4
    RETURNING run, revision, phase, slice, partition
)
INSERT INTO kugiri.claim (run, revision, phase, slice, partition, low, high, weight, done_to)
SELECT run, revision, phase, slice, partition, $3, $4, $5::bigint, $3 FROM cut
RETURNING claim, slice, partition
