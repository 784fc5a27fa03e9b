-- A table as a drill has to know it: its options, its bytes with indexes, the search
-- path it is found by.
SELECT array_to_string(c.reloptions, ', '), pg_total_relation_size(c.oid),
    array_to_string(ARRAY(SELECT quote_ident(s) FROM unnest(current_schemas(false)) s), ', ')
FROM pg_class c WHERE c.oid = $1::oid
