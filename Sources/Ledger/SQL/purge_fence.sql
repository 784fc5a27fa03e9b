-- A run whose belongings are being removed stays closed until this transaction ends.
SELECT run FROM kugiri.run WHERE run = $1 AND state <> 'open' FOR NO KEY UPDATE
