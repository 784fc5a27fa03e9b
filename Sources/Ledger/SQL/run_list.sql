SELECT run, job, business_date, state, phase, result, exit_code, started_at, ended_at, coordinator
FROM kugiri.run ORDER BY number DESC LIMIT $1::integer
