INSERT INTO kugiri.publication (job, business_date, run, certificate)
VALUES ($1, $2::date, $3, $4)
