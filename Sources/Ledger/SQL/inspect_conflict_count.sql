SELECT count(*), count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'applied'),
    count(*) FILTER (WHERE state = 'skipped')
FROM kugiri.conflict
WHERE run = $1 AND revision = $2::integer AND ($3::integer IS NULL OR partition = $3::integer)
