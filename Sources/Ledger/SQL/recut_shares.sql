SELECT slice, partition, rejected FROM kugiri.share
WHERE run = $1 AND revision = $2::integer ORDER BY slice, partition
