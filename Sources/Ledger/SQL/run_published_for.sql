-- The published run of a job for a business date, and whether its content was this one.
SELECT p.run, r.input_hash = $3 AS same_input FROM kugiri.publication p
JOIN kugiri.run r USING (run)
WHERE p.job = $1 AND p.business_date IS NOT DISTINCT FROM $2::date AND p.withdrawn_at IS NULL
ORDER BY p.number DESC LIMIT 1
