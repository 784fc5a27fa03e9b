INSERT INTO kugiri.partition (run, revision, number, low, high)
SELECT $1, $2::integer, p.number, p.low, p.high
FROM unnest($3::integer[], $4::text[], $5::text[]) AS p(number, low, high)
