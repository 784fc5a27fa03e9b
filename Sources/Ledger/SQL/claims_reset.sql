-- After a new term: every unfinished claim of the run gets a new epoch.
SELECT claim FROM kugiri.claim
WHERE run = $1 AND revision = $2::integer AND finished_at IS NULL AND pid IS NOT NULL ORDER BY low
