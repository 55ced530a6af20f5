-- Keys that developers' builds prove themselves by. What is sealed is a digest of the key, which is as good as the key:
-- the database alone makes no proof. Rows stay for a while after their end, so that their use is told from a mistake.
CREATE TABLE development_keys (
    key_id     TEXT   NOT NULL PRIMARY KEY,
    account    TEXT   NOT NULL REFERENCES accounts (account),
    -- Who asked for it.
    name       TEXT   NOT NULL,
    sealed     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- The development key that a request claimed, and whose it is; empty: none, or none that is known.
ALTER TABLE appraisals ADD COLUMN development_key  TEXT NOT NULL DEFAULT '';
ALTER TABLE appraisals ADD COLUMN development_name TEXT NOT NULL DEFAULT '';
-- What the app said of its user, and the request's trace id; empty: nothing.
ALTER TABLE appraisals ADD COLUMN user_property TEXT NOT NULL DEFAULT '';
ALTER TABLE appraisals ADD COLUMN trace_id      TEXT NOT NULL DEFAULT '';

-- What the last request that passed said.
ALTER TABLE installations ADD COLUMN user_property TEXT NOT NULL DEFAULT '';
CREATE INDEX installations_by_user ON installations (account, user_property);
