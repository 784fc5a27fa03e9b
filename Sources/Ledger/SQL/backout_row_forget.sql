DELETE FROM kugiri.backout_row WHERE backout = $1::bigint AND key = $2 AND kind = 'busy'
