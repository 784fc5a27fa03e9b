-- A new run. Its id can be said on the telephone: job, business date, number of the day.
INSERT INTO kugiri.run (
    run, job, program, business_date, parameters, input_path, input_bytes, input_hash,
    contract_hash, settings_hash, target, target_id, definition, plan, coordinator, tolerances)
SELECT $1 || '-' || to_char(coalesce($3::date, current_date), 'YYYYMMDD') || '-'
        || to_char(1 + coalesce(max(substring(r.run FROM '[0-9]+$')::integer), 0), 'FM99999900'),
    $1, $2, $3::date, $4::jsonb, $5, $6::bigint, $7, $8, $9, $10, $11::oid, $12::jsonb, $13::jsonb,
    $14, $15::jsonb
FROM (VALUES (1)) one LEFT JOIN kugiri.run r
    ON r.run LIKE $1 || '-' || to_char(coalesce($3::date, current_date), 'YYYYMMDD') || '-%'
RETURNING run, number
