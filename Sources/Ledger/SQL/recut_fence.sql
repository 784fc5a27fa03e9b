-- Claims nobody has taken: whoever was told of one by an earlier coordinator comes too late.
UPDATE kugiri.claim SET epoch = epoch + 1
WHERE run = $1 AND revision = $2::integer AND finished_at IS NULL AND pid IS NULL
