-- The run as it was before a revision; its term stays, so that nobody of the revision writes.
UPDATE kugiri.run r SET revision = b.revision, state = b.state, phase = b.phase,
    coordinator = b.coordinator, definition = b.definition, input_path = b.input_path,
    input_bytes = b.input_bytes, input_hash = b.input_hash, envelope = b.envelope,
    tolerances = b.tolerances, settings_hash = b.settings_hash, ended_at = b.ended_at,
    result = b.result, exit_code = b.exit_code, summary = b.summary
FROM kugiri.revision v CROSS JOIN LATERAL jsonb_populate_record(NULL::kugiri.run, v.before) b
WHERE v.run = $1 AND v.revision = $2::integer AND r.run = v.run AND r.revision = v.revision
