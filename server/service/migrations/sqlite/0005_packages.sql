-- What was read from an app's package. The lists are JSON, as those of artifacts and code are.
ALTER TABLE apps ADD COLUMN format  TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN team    TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN signers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN entries TEXT NOT NULL DEFAULT '[]';
