-- Slices that are done again ($4) are staged under a new name ($5 and the number); what validation
-- proved of them is kept only where it is gone by ($6).
INSERT INTO kugiri.slice (run, revision, slice, low, high, file, records, bytes, checksum, staging,
    staged, rejected, digest, open_rows, nameless, proved_run, proved_slice)
SELECT run, $3::integer, slice, low, high, file, records, bytes, checksum,
    CASE WHEN again THEN $5 || slice ELSE staging END,
    CASE WHEN NOT again OR $6::boolean THEN staged END,
    CASE WHEN NOT again OR $6::boolean THEN rejected END,
    CASE WHEN NOT again OR $6::boolean THEN digest END,
    CASE WHEN NOT again THEN open_rows END, CASE WHEN NOT again THEN nameless END,
    CASE WHEN NOT again OR $6::boolean THEN proved_run END,
    CASE WHEN NOT again OR $6::boolean THEN proved_slice END
FROM (SELECT *, slice = ANY($4::integer[]) AS again FROM kugiri.slice
      WHERE run = $1 AND revision = $2::integer) s
