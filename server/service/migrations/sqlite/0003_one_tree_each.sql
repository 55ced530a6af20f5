-- What every token writes lies in one tree each, in the order in which it comes: a commit touches few pages.
-- A challenge has one expiry, so that the two together are as unique as the nonce alone.
CREATE TABLE spent (
    expires_at BIGINT NOT NULL,
    nonce      TEXT   NOT NULL,
    PRIMARY KEY (expires_at, nonce)
) WITHOUT ROWID;
INSERT INTO spent (expires_at, nonce) SELECT expires_at, nonce FROM spent_challenges;
DROP TABLE spent_challenges;
ALTER TABLE spent RENAME TO spent_challenges;

CREATE TABLE appraised (
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
) WITHOUT ROWID;
INSERT INTO appraised SELECT id, account, time, installation, platform, app, app_version, audience, passed, findings
    FROM appraisals;
DROP TABLE appraisals;
ALTER TABLE appraised RENAME TO appraisals;
