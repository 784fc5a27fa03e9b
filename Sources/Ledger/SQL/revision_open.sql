-- The next revision of a finished run; whoever held the run before is fenced by the term.
WITH old AS (
    SELECT r.* FROM kugiri.run r
    WHERE r.run = $1 AND r.revision = $2::integer
        AND r.state IN ('published', 'ended', 'backed_out') FOR NO KEY UPDATE
), noted AS (
    INSERT INTO kugiri.revision (run, revision, scope, begins_at, reason, command, approved_at,
        before)
    SELECT run, revision + 1, $5, $6, $7, $8,
        CASE WHEN $9::boolean THEN clock_timestamp() END, to_jsonb(old) FROM old
)
UPDATE kugiri.run r SET revision = r.revision + 1, state = 'open', term = r.term + 1,
    phase = CASE $6 WHEN 'start' THEN 'split' ELSE 'validate' END, coordinator = $3,
    definition = $4::jsonb, input_path = $10, input_bytes = $11::bigint, input_hash = $12,
    envelope = CASE $6 WHEN 'start' THEN NULL ELSE r.envelope END,
    ended_at = NULL, result = NULL, exit_code = NULL, summary = NULL
FROM old WHERE r.run = old.run
RETURNING r.term
