-- From when on a token key and its decoy sign, Unix seconds: gateways are to have the key before they meet it.
-- The keys that were there already sign. NULL: never, another key took its place before its time came.
ALTER TABLE sealed_keys ADD COLUMN signs_from BIGINT DEFAULT 0;
