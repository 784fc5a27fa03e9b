-- What of a run hangs on the record numbers of its input: conflicts outside some ranges ($3 lows, $4
-- highs), and rejects that the database gave.
SELECT (SELECT count(*) FROM kugiri.conflict c
    WHERE c.run = $1 AND c.revision = $2::integer AND NOT EXISTS (
        SELECT FROM unnest($3::text[] COLLATE "C", $4::text[] COLLATE "C") AS x(low, high)
        WHERE c.key >= x.low AND (x.high IS NULL OR c.key < x.high)))
    + (SELECT count(*) FROM kugiri.reject j WHERE j.run = $1 AND j.revision = $2::integer
        AND (j.late OR j.rule IN ('key-unknown', 'target-constraint')))
