-- Every reject of a run as one text, in the order of the file.
SELECT format('record %s byte %s %s %s %s %s', record, byte_offset, field, rule, value, key)
FROM kugiri.reject WHERE run = $1 ORDER BY record, field, rule, byte_offset
