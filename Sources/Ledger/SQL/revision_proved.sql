-- Slices that are not done again ($3) and that a phase proved nothing of.
SELECT count(*) FROM kugiri.slice s
WHERE s.run = $1 AND s.revision = $2::integer AND s.slice <> ALL ($3::integer[])
    AND NOT EXISTS (SELECT FROM kugiri.interval i
        WHERE (i.run, i.revision, i.phase, i.low) = (s.run, s.revision, 'certify', s.low))
