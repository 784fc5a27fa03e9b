-- What a table's columns, defaults, constraints and indexes hang on, as statements that make it, in
-- the order in which they can be run: schemas, extensions, types, sequences, functions.
WITH parts AS (
    SELECT 'pg_class'::regclass AS class, $1::oid AS id
    UNION ALL SELECT 'pg_attrdef'::regclass, oid FROM pg_attrdef WHERE adrelid = $1::oid
    UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint
        WHERE conrelid = $1::oid AND contype <> 'f'
    UNION ALL SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid = $1::oid
), named AS (
    SELECT DISTINCT d.refclassid AS class, coalesce(
        CASE WHEN d.refclassid = 'pg_type'::regclass THEN (SELECT nullif(t.typelem, 0)
            FROM pg_type t WHERE t.oid = d.refobjid AND t.typcategory = 'A') END, d.refobjid) AS id
    FROM parts p JOIN pg_depend d ON d.classid = p.class AND d.objid = p.id
), extended AS (
    SELECT n.class, n.id, x.refobjid AS extension FROM named n
    JOIN pg_depend x ON x.classid = n.class AND x.objid = n.id AND x.deptype = 'e'
), own AS (
    SELECT class, id FROM named EXCEPT SELECT class, id FROM extended
)
SELECT statement FROM (
    SELECT 0 AS step, format('CREATE SCHEMA IF NOT EXISTS %I', s.nspname) AS statement
    FROM pg_namespace s
    WHERE s.nspname !~ '^(pg_|information_schema$|kugiri$|kugiri_stage$|kugiri_history$)'
        AND (s.nspname = ANY(current_schemas(false))
            OR s.oid = (SELECT relnamespace FROM pg_class WHERE oid = $1::oid)
            OR s.oid IN (SELECT t.typnamespace FROM pg_type t JOIN own o ON o.id = t.oid)
            OR s.oid IN (SELECT f.pronamespace FROM pg_proc f JOIN own o ON o.id = f.oid)
            OR s.oid IN (SELECT c.relnamespace FROM pg_class c JOIN own o ON o.id = c.oid)
            OR s.oid IN (SELECT x.extnamespace FROM pg_extension x
                JOIN extended d ON d.extension = x.oid))
    UNION
    SELECT 1, format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', x.extname, s.nspname)
    FROM extended d JOIN pg_extension x ON x.oid = d.extension
    JOIN pg_namespace s ON s.oid = x.extnamespace
    UNION
    SELECT 2, format('CREATE TYPE %I.%I AS ENUM (%s)', s.nspname, t.typname,
        (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
         FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM own o JOIN pg_type t ON o.class = 'pg_type'::regclass AND t.oid = o.id
    JOIN pg_namespace s ON s.oid = t.typnamespace WHERE t.typtype = 'e'
    UNION
    SELECT 3, format('CREATE DOMAIN %I.%I AS %s%s%s%s', s.nspname, t.typname,
        format_type(t.typbasetype, t.typtypmod), ' DEFAULT ' || t.typdefault,
        CASE WHEN t.typnotnull THEN ' NOT NULL' END,
        (SELECT string_agg(' ' || pg_get_constraintdef(c.oid), '')
         FROM pg_constraint c WHERE c.contypid = t.oid))
    FROM own o JOIN pg_type t ON o.class = 'pg_type'::regclass AND t.oid = o.id
    JOIN pg_namespace s ON s.oid = t.typnamespace WHERE t.typtype = 'd'
    UNION
    SELECT 4, format('CREATE SEQUENCE %I.%I START WITH %s', s.nspname, c.relname,
        coalesce(pg_sequence_last_value(c.oid), 0) + 1)
    FROM own o JOIN pg_class c ON o.class = 'pg_class'::regclass AND c.oid = o.id
    JOIN pg_namespace s ON s.oid = c.relnamespace WHERE c.relkind = 'S'
    UNION
    SELECT 5, pg_get_functiondef(f.oid)
    FROM own o JOIN pg_proc f ON o.class = 'pg_proc'::regclass AND f.oid = o.id
    WHERE f.prokind = 'f'
) steps ORDER BY step, statement
