-- Records of a slice that only the database could refuse before the load.
SELECT record, rule FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer
    AND rule IN ('key-unknown', 'target-constraint') AND NOT late
