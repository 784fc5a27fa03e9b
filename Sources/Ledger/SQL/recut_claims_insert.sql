-- Weighted by staged rows, as at the barrier.
INSERT INTO kugiri.claim (run, revision, phase, slice, partition, low, high, weight, done_to)
SELECT $1, $2::integer, 'load', x.slice, x.partition, x.low, x.high,
    coalesce((SELECT sum(k.rows) FROM kugiri.chunk k
        WHERE k.run = $1 AND k.revision = $2::integer AND k.low >= x.low
            AND (x.high IS NULL OR k.low < x.high)), 0),
    x.low
FROM unnest($3::integer[], $4::integer[], $5::text[] COLLATE "C", $6::text[] COLLATE "C")
    AS x(slice, partition, low, high)
