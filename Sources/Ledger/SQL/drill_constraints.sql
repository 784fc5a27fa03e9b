-- Constraints and the indexes that are no constraint's, as statements; the name of a foreign key and
-- what it refers to instead: those are left out.
SELECT CASE WHEN c.contype <> 'f' THEN format(
        'ALTER TABLE %s ADD CONSTRAINT %I %s', $2::text, c.conname, pg_get_constraintdef(c.oid)) END,
    CASE WHEN c.contype = 'f'
        THEN format('foreign key %s to %s', c.conname, c.confrelid::regclass) END
FROM pg_constraint c
WHERE c.conrelid = $1::oid AND c.contype IN ('p', 'u', 'c', 'x', 'f')
UNION ALL
SELECT pg_get_indexdef(i.indexrelid), NULL FROM pg_index i
WHERE i.indrelid = $1::oid AND i.indisvalid
    AND NOT EXISTS (SELECT FROM pg_constraint c
        WHERE c.conindid = i.indexrelid AND c.conrelid = $1::oid AND c.contype <> 'f')
ORDER BY 1, 2
