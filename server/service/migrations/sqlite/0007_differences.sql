-- In what an app differed from the registered build, as JSON: for operators alone.
ALTER TABLE appraisals ADD COLUMN differences TEXT NOT NULL DEFAULT '[]';
