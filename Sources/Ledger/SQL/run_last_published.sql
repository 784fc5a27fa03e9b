SELECT run, business_date FROM kugiri.publication
WHERE job = $1 AND business_date > $2::date AND withdrawn_at IS NULL
ORDER BY business_date DESC LIMIT 1
