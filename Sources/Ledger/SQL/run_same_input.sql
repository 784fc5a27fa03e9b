-- Runs of the job with the same content, the newest first.
SELECT run, state, business_date, parameters = $3::jsonb AS same_parameters,
    contract_hash = $4 AS same_contract
FROM kugiri.run WHERE job = $1 AND input_hash = $2 ORDER BY number DESC
