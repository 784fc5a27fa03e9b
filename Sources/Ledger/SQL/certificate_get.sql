-- Of the newest revision that has one; $2 names another.
SELECT sha256, previous, body, revision FROM kugiri.certificate
WHERE run = $1 AND ($2::integer IS NULL OR revision = $2::integer)
ORDER BY revision DESC LIMIT 1
