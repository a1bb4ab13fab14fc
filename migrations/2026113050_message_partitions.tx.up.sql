-- Messages and the changes of their status, by the month in which their chat began. A chat's id is a UUID v7, so a range of ids is a range of
-- time, and every key of the two tables has the chat's id. These functions make the partitions; the tables of a database that is in use
-- stay as they are until `parley migrate partition`.

-- The id before all chats that begin at a time or later.
CREATE FUNCTION first_chat_id(at timestamptz) RETURNS text IMMUTABLE LANGUAGE sql AS
    $$SELECT regexp_replace(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), '(.{8})', '\1-')$$;

-- Drops the foreign keys of other tables that refer to messages and returns the statements that add them again. Those must be validated
-- afterwards, which blocks no request. Meanwhile rows can be moved to another partition, and a partition dropped, without a look at those tables.
CREATE FUNCTION unlink_messages() RETURNS text[] LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    link record;
    again text[] := '{}';
BEGIN
    FOR link IN SELECT conrelid::regclass AS place, conname, regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', '') AS definition
        FROM pg_constraint WHERE contype = 'f' AND confrelid = 'messages'::regclass AND conparentid = 0 ORDER BY 1
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', link.place, link.conname);
        -- The changes of a status belong to their chat, as messages do.
        IF link.place <> 'message_status_changes'::regclass THEN
            again := again || format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', link.place, link.conname, link.definition);
        END IF;
    END LOOP;
    RETURN again;
END $$;

-- Makes a table that can become a partition of messages or message_status_changes. The names of indexes end like those of the whole table:
-- the program knows by them what was violated.
CREATE FUNCTION make_message_table(place text, part text) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE) WITH (fillfactor = %s)', part, place,
        CASE place WHEN 'messages' THEN 85 ELSE 100 END);
    IF place = 'messages' THEN
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY (chat_id, id)', part, part || '_pkey');
        EXECUTE format('CREATE UNIQUE INDEX %I ON %I (chat_id, client_message_id, sender_type, sender_id) WHERE client_message_id IS NOT NULL',
            part || '_client_message_id_unique', part);
    ELSE
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY (chat_id, message_id, status)', part, part || '_pkey');
    END IF;
END $$;

-- Makes the partitions of a month and reports whether one was missing. Rows of the month that are in the default partitions are moved. Nothing
-- is sent meanwhile, so the default partitions must not be large.
CREATE FUNCTION add_message_month(month date) RETURNS boolean LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    begins text := first_chat_id(month::timestamp AT TIME ZONE 'UTC');
    ends text := first_chat_id((month + interval '1 month') AT TIME ZONE 'UTC');
    place text;
    part text;
    again text[];
    added boolean := false;
    found boolean;
    statement text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('partitions of messages'));
    LOCK TABLE chats IN SHARE ROW EXCLUSIVE MODE; -- first, as a message does
    FOREACH place IN ARRAY ARRAY['messages', 'message_status_changes'] LOOP
        part := place || to_char(month, '_YYYY_MM');
        CONTINUE WHEN to_regclass(quote_ident(part)) IS NOT NULL;
        added := true;
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE chat_id >= $1 AND chat_id < $2)', place || '_default') INTO found USING begins, ends;
        PERFORM make_message_table(place, part);
        IF found THEN
            IF place = 'messages' THEN
                LOCK TABLE messages IN ACCESS EXCLUSIVE MODE;
                again := unlink_messages();
            ELSE
                LOCK TABLE message_status_changes IN ACCESS EXCLUSIVE MODE;
            END IF;
            EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE chat_id >= $1 AND chat_id < $2', part, place || '_default') USING begins, ends;
            EXECUTE format('DELETE FROM %I WHERE chat_id >= $1 AND chat_id < $2', place || '_default') USING begins, ends;
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', place, part, begins, ends);
        IF again IS NOT NULL THEN
            FOREACH statement IN ARRAY again LOOP
                EXECUTE statement;
            END LOOP;
            again := NULL;
        END IF;
    END LOOP;
    RETURN added;
END $$;

-- Drops partitions, given how their names end, with all rows. Other tables must refer to none of them.
CREATE FUNCTION drop_message_partition(part text) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    again text[];
    statement text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('partitions of messages'));
    LOCK TABLE chats, messages, message_status_changes, attachments, message_versions, withdrawn_attachments IN ACCESS EXCLUSIVE MODE;
    again := unlink_messages();
    EXECUTE format('DROP TABLE IF EXISTS %I, %I', 'messages_' || part, 'message_status_changes_' || part);
    FOREACH statement IN ARRAY again LOOP
        EXECUTE statement;
    END LOOP;
END $$;

-- Makes the two tables partitioned. What they have becomes the partition of all chats that began before a month, without being copied or read:
-- a table with rows needs a valid constraint messages_before that says so. Triggers go to the whole table, as enabled or disabled as they are; views
-- and indexes that others added stay with that partition.
CREATE FUNCTION partition_messages(until date) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    bound text := first_chat_id(until::timestamp AT TIME ZONE 'UTC');
    place text;
    again text[];
    statement text;
    used boolean;
    a_trigger record;
    triggers text[] := '{}';
BEGIN
    -- In the order in which a message locks them.
    LOCK TABLE chats, messages, message_status_changes, attachments, message_versions, withdrawn_attachments IN ACCESS EXCLUSIVE MODE;
    again := unlink_messages();
    FOR a_trigger IN SELECT tgrelid::regclass AS place, tgname, tgenabled, pg_get_triggerdef(oid) AS definition FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid IN ('messages'::regclass, 'message_status_changes'::regclass) ORDER BY 1, 2
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', a_trigger.tgname, a_trigger.place);
        triggers := triggers || a_trigger.definition || CASE a_trigger.tgenabled
            WHEN 'D' THEN format('ALTER TABLE %s DISABLE TRIGGER %I', a_trigger.place, a_trigger.tgname)
            WHEN 'R' THEN format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I', a_trigger.place, a_trigger.tgname)
            WHEN 'A' THEN format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', a_trigger.place, a_trigger.tgname)
            ELSE format('ALTER TABLE %s ENABLE TRIGGER %I', a_trigger.place, a_trigger.tgname) END;
    END LOOP;
    ALTER TABLE messages RENAME CONSTRAINT messages_pkey TO messages_first_pkey;
    ALTER INDEX messages_client_message_id_unique RENAME TO messages_first_client_message_id_unique;
    ALTER TABLE message_status_changes RENAME CONSTRAINT message_status_changes_pkey TO message_status_changes_first_pkey;
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'message_status_changes'::regclass AND conname = 'message_status_changes_chat_id_fkey') THEN
        ALTER TABLE message_status_changes ADD CONSTRAINT message_status_changes_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES chats ON DELETE CASCADE;
    END IF;
    FOREACH place IN ARRAY ARRAY['messages', 'message_status_changes'] LOOP
        IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = place::regclass AND conname = 'messages_before' AND convalidated) THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %I)', place) INTO used;
            IF used THEN
                RAISE '% has rows and no valid constraint messages_before', place;
            END IF;
        END IF;
        EXECUTE format('ALTER TABLE %I RENAME TO %I', place, place || '_first');
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMMENTS, PRIMARY KEY (%s),
            CONSTRAINT %I FOREIGN KEY (chat_id) REFERENCES chats ON DELETE CASCADE) PARTITION BY RANGE (chat_id)', place, place || '_first',
            CASE place WHEN 'messages' THEN 'chat_id, id' ELSE 'chat_id, message_id, status' END, place || '_chat_id_fkey');
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT IF EXISTS messages_before', place);
        -- Who may use the table, such as a role that only reads.
        FOR statement IN
            SELECT format('GRANT %s ON %I TO %s', privilege_type, place, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
                FROM pg_class, aclexplode(relacl) WHERE oid = (quote_ident(place || '_first'))::regclass AND grantee <> relowner
        LOOP
            EXECUTE statement;
        END LOOP;
    END LOOP;
    CREATE UNIQUE INDEX messages_client_message_id_unique ON messages (chat_id, client_message_id, sender_type, sender_id)
        WHERE client_message_id IS NOT NULL;
    FOREACH statement IN ARRAY triggers LOOP
        EXECUTE statement;
    END LOOP;
    ALTER SEQUENCE messages_id OWNED BY messages.id;
    FOREACH place IN ARRAY ARRAY['messages', 'message_status_changes'] LOOP
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', place, place || '_first', bound);
        PERFORM make_message_table(place, place || '_default');
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', place, place || '_default');
    END LOOP;
    FOR n IN 0..1 LOOP
        PERFORM add_message_month((until + n * interval '1 month')::date);
    END LOOP;
    FOREACH statement IN ARRAY again LOOP
        EXECUTE statement;
    END LOOP;
    -- Earlier releases do not know the index of a partition by its name.
    IF to_regclass('schema_migrations') IS NOT NULL THEN
        UPDATE schema_migrations SET requires = name WHERE name = '2026113050_message_partitions';
    END IF;
END $$;
