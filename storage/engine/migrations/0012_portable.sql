-- Names and facts that every engine can be asked for in the same words.

ALTER TABLE rules RENAME COLUMN window TO period;
ALTER TABLE alerts RENAME COLUMN window TO period;

-- What is left of `request` once its person is forgotten, and the voice in which its text is spoken, if it has one.
ALTER TABLE jobs ADD COLUMN bare_request TEXT NOT NULL DEFAULT '{"flow":"","mode":"text"}';
ALTER TABLE jobs ADD COLUMN voice TEXT;

UPDATE jobs
SET bare_request = json_object('flow', json_extract(request, '$.flow'), 'mode', json_extract(request, '$.mode')),
    voice = CASE WHEN json_extract(request, '$.mode') = 'text' THEN json_extract(request, '$.voice') END
WHERE json_valid(request);
