SELECT run, number, job, program, business_date, parameters, input_path, input_bytes, input_hash,
    contract_hash, settings_hash, target, target_id, definition, plan, envelope, revision, term,
    phase, state, coordinator, tolerances, started_at, ended_at, result, exit_code, summary
FROM kugiri.run WHERE run = $1
