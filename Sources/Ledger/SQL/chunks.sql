SELECT low, high, rows, digest, depth FROM kugiri.chunk
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer AND low >= $4
    AND ($5::text IS NULL OR low < $5) ORDER BY low
