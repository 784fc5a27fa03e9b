-- Roles with no more rights than their work needs (decision 0029). `kugiri db migrate` calls
-- kugiri.set_up_roles() every time, so that roles made later, and tables of later migrations, get
-- their rights too. Where it is not called, or may not, everybody works as the ledger's owner.

-- A slice is looked at after its COPY, which PostgreSQL 15 lets only the table's owner do.
CREATE FUNCTION kugiri_stage.look_at(staging regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class
            WHERE oid = staging AND relnamespace = 'kugiri_stage'::regnamespace) THEN
        RAISE insufficient_privilege USING MESSAGE = format('%s is no staging table', staging);
    END IF;
    -- Of a table that somebody else made nothing can be said; what is missing then costs time only.
    IF NOT pg_has_role((SELECT relowner FROM pg_class WHERE oid = staging), 'USAGE') THEN
        RETURN;
    END IF;
    EXECUTE format('ANALYZE %s', staging);
    PERFORM brin_summarize_new_values(x.indexrelid)
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am a ON a.oid = c.relam
    WHERE x.indrelid = staging AND a.amname = 'brin';
END $$;
REVOKE EXECUTE ON FUNCTION kugiri_stage.look_at(regclass) FROM PUBLIC;

-- Makes what is missing of the roles and gives each its rights in this database.
-- NULL: done. Otherwise why not, and nothing was changed.
CREATE FUNCTION kugiri.set_up_roles() RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    missing   text[];
    role_name text;
    statement text;
BEGIN
    SELECT array_agg(r) INTO missing
    FROM unnest(ARRAY['kugiri_owner', 'kugiri_coordinator', 'kugiri_worker', 'kugiri_reader']) r
    WHERE to_regrole(r) IS NULL;
    IF missing IS NOT NULL AND NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles
            WHERE rolname = current_user) THEN
        RETURN format('role %s may not create %s', current_user,
            array_to_string(missing, ', '));
    END IF;
    FOREACH role_name IN ARRAY coalesce(missing, '{}') LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            IF role_name = 'kugiri_reader' THEN
                ALTER ROLE kugiri_reader SET default_transaction_read_only = on;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            -- Roles are the server's: a migration of another database has just made this one.
            CONTINUE;
        END;
    END LOOP;

    -- Whoever takes claims away must see and end the workers' sessions (PROTOCOL 11).
    IF NOT pg_has_role('kugiri_coordinator', 'kugiri_worker', 'USAGE') THEN
        GRANT kugiri_worker TO kugiri_coordinator;
    END IF;
    -- To give objects to a role, and to say what of its future tables others may do.
    FOREACH role_name IN ARRAY ARRAY['kugiri_owner', 'kugiri_coordinator'] LOOP
        IF NOT pg_has_role(role_name, 'USAGE') THEN
            EXECUTE format('GRANT %I TO %I', role_name, current_user);
        END IF;
    END LOOP;
    IF NOT has_database_privilege('kugiri_owner', current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO kugiri_owner', current_database());
    END IF;

    FOR statement IN
        SELECT format('ALTER SCHEMA %I OWNER TO kugiri_owner', n.nspname)
        FROM pg_namespace n WHERE n.nspname IN ('kugiri', 'kugiri_stage', 'kugiri_history')
            AND n.nspowner <> 'kugiri_owner'::regrole
    LOOP EXECUTE statement; END LOOP;
    FOR statement IN
        SELECT format('ALTER %s kugiri.%I OWNER TO kugiri_owner',
            CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.relname)
        FROM pg_class c WHERE c.relnamespace = 'kugiri'::regnamespace
            AND c.relkind IN ('r', 'p', 'v') AND c.relowner <> 'kugiri_owner'::regrole
        UNION ALL
        SELECT format('ALTER TYPE %s OWNER TO kugiri_owner', t.oid::regtype)
        FROM pg_type t WHERE t.typnamespace = 'kugiri'::regnamespace AND t.typtype = 'r'
            AND t.typowner <> 'kugiri_owner'::regrole
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO kugiri_owner', p.oid::regprocedure)
        FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.pronamespace = 'kugiri'::regnamespace AND l.lanname IN ('sql', 'plpgsql')
            AND p.proowner <> 'kugiri_owner'::regrole
    LOOP EXECUTE statement; END LOOP;

    REVOKE ALL ON SCHEMA kugiri, kugiri_stage, kugiri_history FROM PUBLIC;
    GRANT USAGE ON SCHEMA kugiri, kugiri_stage, kugiri_history TO kugiri_coordinator, kugiri_worker;
    GRANT USAGE ON SCHEMA kugiri TO kugiri_reader;
    GRANT CREATE ON SCHEMA kugiri_stage, kugiri_history TO kugiri_coordinator;

    -- The coordinator. Audit, certificates and publications are never taken away again.
    GRANT SELECT ON ALL TABLES IN SCHEMA kugiri TO kugiri_coordinator;
    GRANT INSERT ON kugiri.audit, kugiri.certificate TO kugiri_coordinator;
    GRANT INSERT, UPDATE ON kugiri.run, kugiri.publication TO kugiri_coordinator;
    GRANT INSERT, UPDATE, DELETE ON kugiri.partition, kugiri.slice, kugiri.claim, kugiri.interval,
        kugiri.chunk, kugiri.total, kugiri.share, kugiri.reject, kugiri.conflict, kugiri.absent,
        kugiri.revision, kugiri.backout, kugiri.backout_row, kugiri.tenure, kugiri.phase_time,
        kugiri.crew, kugiri.instruction TO kugiri_coordinator;

    -- The worker: its claims and what it finds out; never a claim's bounds, a run or a partition.
    GRANT SELECT ON kugiri.migration, kugiri.run, kugiri.partition, kugiri.slice, kugiri.claim,
        kugiri.interval, kugiri.chunk, kugiri.total, kugiri.share, kugiri.reject, kugiri.conflict,
        kugiri.absent TO kugiri_worker;
    GRANT UPDATE (epoch, attempts, worker, pid, backend_start, chunk_no, done_to, processing,
        taken_at, finished_at) ON kugiri.claim TO kugiri_worker;
    GRANT UPDATE (staged, rejected, digest, open_rows, nameless, proved_run, proved_slice)
        ON kugiri.slice TO kugiri_worker;
    GRANT INSERT, DELETE ON kugiri.interval, kugiri.chunk, kugiri.total, kugiri.share,
        kugiri.reject, kugiri.absent TO kugiri_worker;
    GRANT INSERT, UPDATE (state, outcome, settled_at) ON kugiri.conflict TO kugiri_worker;

    -- The reader: the ledger, whose values are masked; not staging and before-images, which hold
    -- the members' own data.
    GRANT SELECT ON ALL TABLES IN SCHEMA kugiri TO kugiri_reader;

    -- Tables that a run makes. Whoever migrates often conducts, too.
    FOREACH role_name IN ARRAY ARRAY['kugiri_coordinator', current_user::text] LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA kugiri_stage
            GRANT SELECT, INSERT, UPDATE, TRUNCATE ON TABLES TO kugiri_worker', role_name);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA kugiri_history
            GRANT SELECT, INSERT ON TABLES TO kugiri_worker', role_name);
    END LOOP;
    ALTER FUNCTION kugiri_stage.look_at(regclass) OWNER TO kugiri_coordinator;
    GRANT EXECUTE ON FUNCTION kugiri_stage.look_at(regclass) TO kugiri_worker;
    RETURN NULL;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN format('role %s may not set the roles up: %s', current_user, SQLERRM);
END $$;
REVOKE EXECUTE ON FUNCTION kugiri.set_up_roles() FROM PUBLIC;
