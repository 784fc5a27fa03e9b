SELECT low, high, file, records, bytes, checksum, staging, staged, rejected, digest, open_rows
FROM kugiri.slice WHERE run = $1 AND revision = $2::integer AND slice = $3::integer
