-- Whether the roles are set up in this database, and whether this session works as one of them.
SELECT (SELECT count(*) FROM pg_roles WHERE rolname IN ('kugiri_owner', 'kugiri_coordinator',
        'kugiri_worker', 'kugiri_reader')) = 4
        AND (SELECT n.nspowner::regrole::text = 'kugiri_owner' FROM pg_namespace n
            WHERE n.nspname = 'kugiri'),
    (SELECT string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM pg_roles r
        WHERE r.rolname IN ('kugiri_coordinator', 'kugiri_worker')
            AND current_user NOT IN ('kugiri_coordinator', 'kugiri_worker')
            AND pg_has_role(r.oid, 'MEMBER')
            AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
            AND NOT EXISTS (SELECT FROM pg_roles o
                WHERE o.rolname = 'kugiri_owner' AND pg_has_role(o.oid, 'MEMBER')))
