-- First statement of every coordinator transaction: still ours? (PROTOCOL 16)
SELECT revision FROM kugiri.run WHERE run = $1 AND term = $2::bigint AND state = 'open'
FOR NO KEY UPDATE
