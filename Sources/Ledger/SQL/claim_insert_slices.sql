-- One claim for every slice whose work in a phase is not done.
INSERT INTO kugiri.claim (run, revision, phase, slice, low, high, weight, done_to)
SELECT s.run, s.revision, $3, s.slice, s.low, s.high, s.records, s.low
FROM kugiri.slice s
WHERE s.run = $1 AND s.revision = $2::integer
    AND NOT EXISTS (SELECT FROM kugiri.interval i
        WHERE (i.run, i.revision, i.phase, i.low) = (s.run, s.revision, $3, s.low))
    AND NOT EXISTS (SELECT FROM kugiri.claim c
        WHERE (c.run, c.revision, c.phase, c.slice) = (s.run, s.revision, $3, s.slice)
            AND c.finished_at IS NULL)
