-- {table} is one of the ledger's.
DELETE FROM kugiri.{table} WHERE run = $1 AND revision = $2::integer
