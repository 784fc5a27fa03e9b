-- Whether a column's own order is by bytes, and whether a btree can find a range of it in that
-- order: it begins with the column, under the column's collation where that is by bytes, else
-- under "C". A database's default collation counts as what it is.
WITH bytewise AS (
    SELECT l.oid FROM pg_collation l
    WHERE l.collname IN ('C', 'POSIX')
        OR l.collprovider = 'd' AND (SELECT d.datlocprovider = 'c' AND d.datcollate IN ('C', 'POSIX')
            FROM pg_database d WHERE d.datname = current_database())
)
SELECT a.attcollation IN (SELECT oid FROM bytewise),
    EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
            JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree'
        WHERE i.indrelid = a.attrelid AND i.indisvalid AND i.indpred IS NULL
            AND i.indkey[0] = a.attnum
            AND i.indcollation[0] = CASE WHEN a.attcollation IN (SELECT oid FROM bytewise)
                THEN a.attcollation
                ELSE (SELECT l.oid FROM pg_collation l WHERE l.collname = 'C') END)
FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = $2 AND NOT a.attisdropped
