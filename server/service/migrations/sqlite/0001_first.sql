-- Portable SQL: text, 64-bit integers, no triggers. Binary values are text in base64url, times are Unix seconds.
CREATE TABLE accounts (
    account    TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    -- Rises with every change, so that every node knows when to read again.
    revision   BIGINT NOT NULL
);

CREATE TABLE sealed_keys (
    account    TEXT   NOT NULL REFERENCES accounts (account),
    purpose    TEXT   NOT NULL,
    kid        TEXT   NOT NULL,
    algorithm  TEXT   NOT NULL,
    -- 'live', 'retiring' until ends_at, or 'next'.
    state      TEXT   NOT NULL,
    sealed     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT,
    PRIMARY KEY (account, purpose, kid)
);

CREATE TABLE roots (
    account    TEXT   NOT NULL REFERENCES accounts (account),
    epoch      BIGINT NOT NULL,
    jws        TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, epoch)
);

-- The key is what keeps two publishers from forking the fleet.
CREATE TABLE configs (
    account     TEXT   NOT NULL REFERENCES accounts (account),
    epoch       BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    jws         TEXT   NOT NULL,
    issued_at   BIGINT NOT NULL,
    exported_at BIGINT,
    PRIMARY KEY (account, epoch, version)
);

CREATE TABLE spent_challenges (
    nonce      TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX spent_challenges_by_expiry ON spent_challenges (expires_at);

CREATE TABLE apps (
    app_id        TEXT   NOT NULL PRIMARY KEY,
    account       TEXT   NOT NULL REFERENCES accounts (account),
    platform      TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    version       TEXT   NOT NULL,
    build         TEXT   NOT NULL,
    artifacts     TEXT   NOT NULL,
    code          TEXT   NOT NULL,
    registered_at BIGINT NOT NULL,
    retired_at    BIGINT
);

CREATE TABLE policies (
    account         TEXT NOT NULL REFERENCES accounts (account),
    audience        TEXT NOT NULL,
    platforms       TEXT NOT NULL,
    least_key_level TEXT NOT NULL,
    PRIMARY KEY (account, audience)
);

-- Only evidence that passed makes a row.
CREATE TABLE installations (
    installation TEXT   NOT NULL PRIMARY KEY,
    account      TEXT   NOT NULL REFERENCES accounts (account),
    thumbprint   TEXT   NOT NULL,
    platform     TEXT   NOT NULL,
    app          TEXT   NOT NULL,
    app_version  TEXT   NOT NULL,
    epoch        BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL
);
CREATE INDEX installations_by_seen ON installations (account, seen_at);
CREATE INDEX installations_by_position ON installations (account, epoch, version);

CREATE TABLE appraisals (
    id           TEXT   NOT NULL PRIMARY KEY,
    account      TEXT   NOT NULL,
    time         BIGINT NOT NULL,
    installation TEXT   NOT NULL,
    platform     TEXT   NOT NULL,
    app          TEXT   NOT NULL,
    app_version  TEXT   NOT NULL,
    audience     TEXT   NOT NULL,
    passed       BIGINT NOT NULL,
    findings     TEXT   NOT NULL
);

CREATE TABLE reports (
    id          TEXT   NOT NULL PRIMARY KEY,
    account     TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    thumbprint  TEXT   NOT NULL,
    report      TEXT   NOT NULL
);
CREATE INDEX reports_by_key ON reports (account, thumbprint, received_at);

CREATE TABLE audit (
    id      TEXT   NOT NULL PRIMARY KEY,
    account TEXT   NOT NULL,
    time    BIGINT NOT NULL,
    actor   TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    before  TEXT,
    after   TEXT
);

CREATE TABLE operator_tokens (
    token_id   TEXT   NOT NULL PRIMARY KEY,
    account    TEXT   NOT NULL REFERENCES accounts (account),
    name       TEXT   NOT NULL,
    digest     TEXT   NOT NULL UNIQUE,
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
