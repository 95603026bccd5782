"""The tables, as numbered migrations: the n-th script brings a file from version n to n + 1."""

from typing import Final

# "WkLk" in a file's header says that the file is ours.
APPLICATION_ID: Final = 0x576B4C6B

MIGRATIONS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE traces (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,      -- that of the root span
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        start_ns INTEGER NOT NULL,    -- since 1970, UTC
        duration_ns INTEGER,          -- NULL: never ended
        spans INTEGER NOT NULL DEFAULT 0,
        input_tokens INTEGER,
        output_tokens INTEGER
    );
    CREATE INDEX traces_by_start ON traces (start_ns);
    CREATE TABLE texts (              -- every long text once
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,    -- BLAKE2b, 16 bytes
        content TEXT NOT NULL
    );
    CREATE TABLE spans (              -- {"$weaklink.text": 7} in a JSON column stands for texts.content of id 7
        trace_id TEXT NOT NULL,
        id TEXT NOT NULL,
        parent_id TEXT,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        start_ns INTEGER NOT NULL,
        duration_ns INTEGER,
        plumbing INTEGER NOT NULL,
        input TEXT,                   -- JSON, as are the columns below
        output TEXT,
        model TEXT,
        error TEXT,
        tags TEXT,
        metadata TEXT,
        attributes TEXT,
        notes TEXT,
        UNIQUE (trace_id, id)
    );
    CREATE TABLE documents (          -- what each retriever and reranker was given and returned
        trace_id TEXT NOT NULL,
        span_id TEXT NOT NULL,
        role TEXT NOT NULL,           -- "documents" or "candidates"
        rank INTEGER NOT NULL,        -- from 1
        id TEXT,
        content TEXT,                 -- NULL where the text is long: then text_id has it
        text_id INTEGER,
        score REAL,
        higher_is_better INTEGER,
        score_kind TEXT NOT NULL DEFAULT '',
        metadata TEXT,
        PRIMARY KEY (trace_id, span_id, role, rank)
    ) WITHOUT ROWID;
    CREATE TABLE scores (
        trace_id TEXT NOT NULL,
        span_id TEXT NOT NULL,
        name TEXT NOT NULL,
        part TEXT NOT NULL,           -- "" the whole span, "document 3", "sentence 0-41"
        scorer TEXT NOT NULL,
        value REAL,                   -- NULL: could not be given, body.reason says why
        body TEXT NOT NULL,           -- JSON
        PRIMARY KEY (trace_id, span_id, name, part, scorer)
    ) WITHOUT ROWID;
    CREATE TABLE diagnoses (
        trace_id TEXT PRIMARY KEY,
        verdict TEXT NOT NULL,
        culprit TEXT,                 -- name of the step
        failure TEXT,
        confidence REAL NOT NULL,
        version TEXT NOT NULL,        -- of the rules; '': the trace has changed since
        body TEXT NOT NULL            -- JSON
    ) WITHOUT ROWID;
    CREATE TABLE feedback (
        id INTEGER PRIMARY KEY,
        trace_id TEXT NOT NULL,
        span_id TEXT,
        name TEXT NOT NULL,
        value TEXT,                   -- JSON
        comment TEXT NOT NULL DEFAULT '',
        made_ns INTEGER NOT NULL
    );
    CREATE INDEX feedback_by_trace ON feedback (trace_id);
    CREATE VIRTUAL TABLE search USING fts5 (question, answer, content='', contentless_delete=1);  -- rowid: traces.seq
    """,
    """
    CREATE TABLE fates (              -- what became of a step, learnt after its end: "recovered", "abandoned"
        trace_id TEXT NOT NULL,
        span_id TEXT NOT NULL,
        status TEXT NOT NULL,
        PRIMARY KEY (trace_id, span_id)
    ) WITHOUT ROWID;
    CREATE TRIGGER fate_of_span AFTER INSERT ON spans
    WHEN EXISTS (SELECT 1 FROM fates WHERE trace_id = NEW.trace_id AND span_id = NEW.id)
    BEGIN
        UPDATE spans SET status = (SELECT status FROM fates WHERE trace_id = NEW.trace_id AND span_id = NEW.id)
        WHERE trace_id = NEW.trace_id AND id = NEW.id;
    END;
    CREATE TRIGGER fate_of_trace AFTER INSERT ON traces
    WHEN EXISTS (SELECT 1 FROM fates WHERE trace_id = NEW.id AND span_id = NEW.id)
    BEGIN
        UPDATE traces SET status = (SELECT status FROM fates WHERE trace_id = NEW.id AND span_id = NEW.id) WHERE id = NEW.id;
    END;
    """,
    """
    CREATE TABLE prunings (count INTEGER NOT NULL);  -- one row: how often texts were deleted
    INSERT INTO prunings VALUES (0);
    """,
    """
    ALTER TABLE traces ADD COLUMN diagnosed TEXT;  -- diagnoses.version, so that what waits is found by an index
    UPDATE traces SET diagnosed = (SELECT version FROM diagnoses WHERE trace_id = traces.id);
    CREATE INDEX traces_by_diagnosed ON traces (diagnosed, start_ns);
    CREATE TRIGGER diagnosed AFTER INSERT ON diagnoses
    BEGIN
        UPDATE traces SET diagnosed = NEW.version WHERE id = NEW.trace_id;
    END;
    -- What a diagnosis was made of has changed: its version becomes '', which no rules have.
    CREATE TRIGGER stale AFTER UPDATE OF version ON diagnoses
    BEGIN
        UPDATE traces SET diagnosed = NEW.version WHERE id = NEW.trace_id;
    END;
    CREATE TRIGGER stale_by_new_span AFTER INSERT ON spans
    WHEN EXISTS (SELECT 1 FROM diagnoses WHERE trace_id = NEW.trace_id)
    BEGIN
        UPDATE diagnoses SET version = '' WHERE trace_id = NEW.trace_id;
    END;
    CREATE TRIGGER stale_by_later_end AFTER UPDATE OF status, duration_ns, output, error ON spans
    WHEN (OLD.status IS NOT NEW.status OR OLD.duration_ns IS NOT NEW.duration_ns OR OLD.output IS NOT NEW.output
          OR OLD.error IS NOT NEW.error) AND EXISTS (SELECT 1 FROM diagnoses WHERE trace_id = NEW.trace_id)
    BEGIN
        UPDATE diagnoses SET version = '' WHERE trace_id = NEW.trace_id;
    END;
    CREATE TRIGGER stale_by_correction AFTER INSERT ON feedback WHEN NEW.name = 'corrected_answer'
    BEGIN
        UPDATE diagnoses SET version = '' WHERE trace_id = NEW.trace_id;
    END;
    """,
    """
    ALTER TABLE texts ADD COLUMN parts TEXT;  -- JSON: strings, and ids of other texts; NULL where content has it all
    CREATE TABLE uses (               -- who needs a text: deleted with the last of them
        text_id INTEGER NOT NULL,
        user NOT NULL,                -- a trace's id as bytes, or the id of a text that this one is a part of
        PRIMARY KEY (text_id, user)
    ) WITHOUT ROWID;
    -- For people: id, and the text with its parts put together. A file with a view that its reader cannot parse cannot be read
    -- at all, so nothing here is newer than the SQLite that Python 3.11 and most systems bring.
    CREATE VIEW whole_texts AS
    SELECT id, CASE WHEN parts IS NULL THEN content ELSE (
        SELECT group_concat(piece, '') FROM (
            SELECT CASE type WHEN 'text' THEN value ELSE (SELECT part.content FROM texts part WHERE part.id = value) END AS piece
            FROM json_each(texts.parts) ORDER BY key
        )
    ) END AS content FROM texts;
    ALTER TABLE prunings ADD COLUMN looked_ns INTEGER NOT NULL DEFAULT 0;  -- when a writer last looked for traces to delete
    INSERT OR IGNORE INTO uses
    SELECT refers.value, iif(length(trace_id) = 32, coalesce(unhex(trace_id), CAST(trace_id AS BLOB)), CAST(trace_id AS BLOB))
    FROM spans, json_tree(json_array(json(input), json(output), json(model), json(error), json(metadata), json(attributes))) refers
    WHERE refers.key = '$weaklink.text' AND refers.type = 'integer';
    INSERT OR IGNORE INTO uses
    SELECT text_id, iif(length(trace_id) = 32, coalesce(unhex(trace_id), CAST(trace_id AS BLOB)), CAST(trace_id AS BLOB))
    FROM documents WHERE text_id IS NOT NULL;
    INSERT OR IGNORE INTO uses
    SELECT refers.value, iif(length(trace_id) = 32, coalesce(unhex(trace_id), CAST(trace_id AS BLOB)), CAST(trace_id AS BLOB))
    FROM documents, json_tree(metadata) refers
    WHERE refers.key = '$weaklink.text' AND refers.type = 'integer';
    """,
    """
    -- What lists and filters need, so that they read one narrow table: of the diagnosis, and the lowest value of each score.
    ALTER TABLE traces ADD COLUMN verdict TEXT;
    ALTER TABLE traces ADD COLUMN culprit TEXT;       -- name, role and kind of the weak link
    ALTER TABLE traces ADD COLUMN role TEXT;
    ALTER TABLE traces ADD COLUMN kind TEXT;
    ALTER TABLE traces ADD COLUMN failure TEXT;
    ALTER TABLE traces ADD COLUMN confidence REAL;
    ALTER TABLE traces ADD COLUMN scores TEXT;        -- JSON: {"relevance": 0.21, ...}
    UPDATE traces SET (verdict, culprit, role, kind, failure, confidence) =
        (SELECT verdict, culprit, json_extract(body, '$.culprit.role'), json_extract(body, '$.culprit.kind'), failure, confidence
         FROM diagnoses WHERE trace_id = traces.id);
    UPDATE traces SET scores = (
        SELECT json_group_object(name, low) FROM
        (SELECT name, min(value) AS low FROM scores WHERE trace_id = traces.id AND part = '' AND value IS NOT NULL GROUP BY name)
        HAVING count(*) > 0);
    CREATE INDEX traces_by_verdict ON traces (verdict, role, culprit, failure);
    CREATE INDEX spans_by_model ON spans (json_extract(model, '$.name'), trace_id) WHERE kind = 'llm';
    CREATE INDEX spans_by_error ON spans (json_extract(error, '$.type'), trace_id) WHERE error IS NOT NULL;
    CREATE INDEX spans_by_tags ON spans (tags, trace_id) WHERE id = trace_id AND tags IS NOT NULL;
    ALTER TABLE feedback ADD COLUMN document INTEGER; -- index in the step's documents, from 0
    """,
    """
    -- traces.scores once more, in order: a filter asks an index, and not the JSON of every trace.
    CREATE TABLE lowest_scores (
        seq INTEGER NOT NULL,         -- traces.seq
        name TEXT NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (seq, name)
    ) WITHOUT ROWID;
    INSERT INTO lowest_scores SELECT traces.seq, score.key, score.value FROM traces, json_each(traces.scores) AS score;
    CREATE INDEX lowest_scores_by_value ON lowest_scores (name, value);
    CREATE TRIGGER lowest_scores_change AFTER UPDATE OF scores ON traces WHEN OLD.scores IS NOT NEW.scores
    BEGIN
        DELETE FROM lowest_scores WHERE seq = NEW.seq;
        INSERT INTO lowest_scores SELECT NEW.seq, score.key, score.value FROM json_each(NEW.scores) AS score;
    END;
    CREATE TRIGGER lowest_scores_end AFTER DELETE ON traces
    BEGIN
        DELETE FROM lowest_scores WHERE seq = OLD.seq;
    END;
    """,
    """
    CREATE TABLE model_usage (        -- tokens of each trace by model, counted when it is diagnosed
        seq INTEGER NOT NULL,         -- traces.seq
        model TEXT NOT NULL,
        input_tokens INTEGER,         -- NULL: a call did not report any
        output_tokens INTEGER,
        cached_input_tokens INTEGER,
        PRIMARY KEY (seq, model)
    ) WITHOUT ROWID;
    CREATE TRIGGER model_usage_end AFTER DELETE ON traces
    BEGIN
        DELETE FROM model_usage WHERE seq = OLD.seq;
    END;
    """,
    """
    -- {"$weaklink.value": 7} in a JSON column stands for a value whose JSON is texts.content of id 7: a message of a history. Readers
    -- older than this do not know it, and are kept away by the number of the version.
    """,
)
