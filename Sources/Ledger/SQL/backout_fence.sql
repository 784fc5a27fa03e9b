-- First statement of a backout's transactions.
SELECT revision FROM kugiri.run WHERE run = $1 AND term = $2::bigint FOR NO KEY UPDATE
