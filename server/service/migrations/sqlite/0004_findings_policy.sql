-- What the account makes of findings: every version that was ever set; the highest is in force.
-- The key is what keeps two operators from setting the same version.
CREATE TABLE finding_policies (
    account TEXT   NOT NULL REFERENCES accounts (account),
    version BIGINT NOT NULL,
    policy  TEXT   NOT NULL,
    set_at  BIGINT NOT NULL,
    set_by  TEXT   NOT NULL,
    PRIMARY KEY (account, version)
);

-- A verdict that an operator forces on one installation, until ends_at. It may have no row of its own yet.
CREATE TABLE forced_verdicts (
    account      TEXT   NOT NULL REFERENCES accounts (account),
    installation TEXT   NOT NULL,
    verdict      TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    set_at       BIGINT NOT NULL,
    set_by       TEXT   NOT NULL,
    ends_at      BIGINT NOT NULL,
    PRIMARY KEY (account, installation)
);

-- Under which version the appraisal was decided (0: none had been set), and the verdict that was forced, if any.
ALTER TABLE appraisals ADD COLUMN policy BIGINT NOT NULL DEFAULT 0;
ALTER TABLE appraisals ADD COLUMN forced TEXT NOT NULL DEFAULT '';
