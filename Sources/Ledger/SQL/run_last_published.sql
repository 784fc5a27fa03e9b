SELECT run, business_date FROM kugiri.publication WHERE job = $1 AND business_date > $2::date
ORDER BY business_date DESC LIMIT 1
