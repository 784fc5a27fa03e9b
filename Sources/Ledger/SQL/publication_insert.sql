INSERT INTO kugiri.publication (job, business_date, run, revision, certificate)
VALUES ($1, $2::date, $3, $4::integer, $5)
