INSERT INTO kugiri.migration (number) VALUES ($1::integer)
