-- What a platform attested of an install key, and when: facts only, never the evidence itself.
CREATE TABLE attested_keys (
    account    TEXT   NOT NULL REFERENCES accounts (account),
    thumbprint TEXT   NOT NULL,
    -- 'android_key', 'app_attest', 'play_integrity'.
    kind       TEXT   NOT NULL,
    level      TEXT   NOT NULL,
    proven_at  BIGINT NOT NULL,
    -- JSON.
    facts      TEXT   NOT NULL,
    -- The App Attest key, its uncompressed point, and its id; empty for other kinds.
    app_key    TEXT   NOT NULL,
    app_key_id TEXT   NOT NULL,
    -- Of the last assertion that was taken: it only rises.
    counter    BIGINT NOT NULL,
    PRIMARY KEY (account, thumbprint, kind)
);
CREATE INDEX attested_keys_by_age ON attested_keys (proven_at);

-- Install keys that took over an installation from another one, and those that ended so. A key without a row has the
-- installation that is derived from it.
CREATE TABLE install_keys (
    account      TEXT   NOT NULL REFERENCES accounts (account),
    thumbprint   TEXT   NOT NULL,
    installation TEXT   NOT NULL,
    -- The key that it follows, until this one is seen again: the answer that named it may have been lost.
    predecessor  TEXT,
    ended_at     BIGINT,
    changed_at   BIGINT NOT NULL,
    PRIMARY KEY (account, thumbprint)
);
CREATE INDEX install_keys_by_predecessor ON install_keys (account, predecessor);
CREATE INDEX install_keys_by_installation ON install_keys (account, installation);

-- An installation outlives its key: which one is its key now.
CREATE INDEX installations_by_key ON installations (account, thumbprint);

-- Roots and revocation lists that the operator set in place of those that are built in.
CREATE TABLE evidence_lists (
    account    TEXT   NOT NULL REFERENCES accounts (account),
    name       TEXT   NOT NULL,
    content    TEXT   NOT NULL,
    fetched_at BIGINT NOT NULL,
    set_at     BIGINT NOT NULL,
    set_by     TEXT   NOT NULL,
    PRIMARY KEY (account, name)
);

-- Why evidence was refused; empty where none was.
ALTER TABLE appraisals ADD COLUMN reason TEXT NOT NULL DEFAULT '';
