-- Open rows of the target (NULL: a slice does not know them) and records without a sure key.
SELECT CASE WHEN bool_and(open_rows IS NOT NULL) THEN sum(open_rows) END, coalesce(sum(nameless), 0)
FROM kugiri.slice WHERE run = $1 AND revision = $2::integer
