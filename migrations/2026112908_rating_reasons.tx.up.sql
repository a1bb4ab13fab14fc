-- Why a user rated a chat as they did: the administrators' list of reasons, and those that were chosen with each rating.

-- Reasons are retired and never deleted, so that they can be counted. A name may be missing in one of the two languages. A reason is
-- offered for ratings from min_stars to max_stars; a half star counts as the star below it.
CREATE TABLE rating_reasons (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name_en    text NOT NULL DEFAULT '' CONSTRAINT rating_reasons_name_en_length CHECK (char_length(name_en) <= 40),
    name_zh_cn text NOT NULL DEFAULT '' CONSTRAINT rating_reasons_name_zh_cn_length CHECK (char_length(name_zh_cn) <= 40),
    min_stars  smallint NOT NULL,
    max_stars  smallint NOT NULL,
    position   integer NOT NULL,
    retired_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- A reason without a name could not be shown.
    CONSTRAINT rating_reasons_named CHECK (name_en <> '' OR name_zh_cn <> ''),
    -- A reason that is offered for no rating could not be chosen.
    CONSTRAINT rating_reasons_stars_range CHECK (1 <= min_stars AND min_stars <= max_stars AND max_stars <= 5)
);
INSERT INTO rating_reasons (name_en, name_zh_cn, min_stars, max_stars, position) VALUES
    ('Long wait', '等待太久', 1, 3, 1), ('Slow answers', '回复太慢', 1, 3, 2), ('Unclear answers', '答复不清楚', 1, 3, 3),
    ('Problem not solved', '问题没有解决', 1, 3, 4), ('Unfriendly', '态度不好', 1, 3, 5),
    ('Problem solved', '问题已解决', 4, 5, 6), ('Fast answers', '回复很快', 4, 5, 7), ('Clear answers', '答复清楚', 4, 5, 8),
    ('Friendly', '态度友好', 4, 5, 9);

-- The chosen reasons with their names at that time, as [{"id", "name_en", "name_zh_cn"}]: a rating keeps what its user chose when a reason
-- is renamed. The domain is checked where a value comes in, and not by every statement that writes a row of chats.
CREATE DOMAIN chosen_rating_reasons AS jsonb CONSTRAINT chosen_rating_reasons_list
    CHECK (jsonb_typeof(VALUE) = 'array' AND jsonb_array_length(VALUE) BETWEEN 1 AND 10);
ALTER TABLE chats ADD COLUMN rating_reasons chosen_rating_reasons;

-- The elements of a JSON value can have no foreign key. This rule takes its place; no message and no new chat writes these columns.
CREATE FUNCTION chats_keep_rating_reasons() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.rating IS NULL THEN
        RAISE EXCEPTION 'a row of chats has reasons without a rating' USING ERRCODE = 'check_violation', CONSTRAINT = 'chats_reasons_with_rating';
    END IF;
    IF EXISTS (SELECT FROM jsonb_array_elements(NEW.rating_reasons) chosen
        WHERE NOT EXISTS (SELECT FROM rating_reasons r WHERE r.id = (chosen ->> 'id')::bigint)) THEN
        RAISE EXCEPTION 'a row of chats has an unknown reason' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'chats_rating_reasons_known';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chats_keep_rating_reasons AFTER UPDATE OF rating, rating_reasons ON chats
    FOR EACH ROW WHEN (NEW.rating_reasons IS NOT NULL) EXECUTE FUNCTION chats_keep_rating_reasons();
