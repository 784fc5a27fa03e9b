-- Privileges on the ledger that a coordinator or worker needs and this role lacks.
SELECT n.privilege || ' on ' || n.name FROM (
    SELECT 'kugiri.' || t.name AS name, trim(p) AS privilege,
        has_table_privilege(to_regclass('kugiri.' || t.name), trim(p)) AS held
    FROM (VALUES ('migration', 'SELECT'), ('run', 'SELECT,INSERT,UPDATE'),
        ('partition', 'SELECT,INSERT,DELETE'), ('slice', 'SELECT,INSERT,UPDATE,DELETE'),
        ('claim', 'SELECT,INSERT,UPDATE,DELETE'), ('interval', 'SELECT,INSERT,UPDATE,DELETE'),
        ('chunk', 'SELECT,INSERT,DELETE'), ('total', 'SELECT,INSERT,DELETE'),
        ('share', 'SELECT,INSERT,DELETE'), ('reject', 'SELECT,INSERT,DELETE'),
        ('conflict', 'SELECT,INSERT,UPDATE,DELETE'), ('certificate', 'SELECT,INSERT'),
        ('publication', 'SELECT,INSERT,UPDATE'), ('audit', 'INSERT'),
        ('revision', 'SELECT,INSERT,UPDATE,DELETE'), ('backout', 'SELECT,INSERT,UPDATE'),
        ('backout_row', 'SELECT,INSERT,DELETE'),
        ('tenure', 'SELECT,INSERT,UPDATE'), ('phase_time', 'SELECT,INSERT,UPDATE'),
        ('crew', 'SELECT,INSERT,UPDATE'), ('absent', 'SELECT,INSERT,DELETE'),
        ('instruction', 'SELECT,INSERT,UPDATE')
    ) t(name, needs), unnest(string_to_array(t.needs, ',')) p
    UNION ALL
    SELECT 'schema ' || s.name, s.privilege,
        has_schema_privilege(to_regnamespace(s.name)::oid, s.privilege)
    FROM (VALUES ('kugiri', 'USAGE'), ('kugiri_stage', 'USAGE'), ('kugiri_stage', 'CREATE'),
        ('kugiri_history', 'USAGE'), ('kugiri_history', 'CREATE')) s(name, privilege)
) n WHERE n.held IS FALSE ORDER BY n.name, n.privilege
