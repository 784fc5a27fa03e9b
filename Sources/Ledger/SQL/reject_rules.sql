SELECT rule, field, count(*) FROM kugiri.reject WHERE run = $1 AND revision = $2::integer
GROUP BY rule, field ORDER BY count(*) DESC, rule, field
