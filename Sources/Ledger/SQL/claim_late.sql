-- Rows of a load claim that the target refused.
SELECT coalesce(sum(late), 0)::bigint FROM kugiri.interval
WHERE run = $1 AND revision = $2::integer AND phase = 'load' AND claim = $3::bigint
