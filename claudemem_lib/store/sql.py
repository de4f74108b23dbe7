"""Every SQL text of the product, by the module that runs it. Parameters are always bound."""

from __future__ import annotations

APPLICATION_ID = 0x434D454D  # "CMEM"

SCHEMA_1 = """
CREATE TABLE migrations(version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT;

-- Numbers of rows are never given out again (AUTOINCREMENT): what was forgotten can be put back for a while.
CREATE TABLE projects(
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, root TEXT NOT NULL,
  created_ms INTEGER NOT NULL) STRICT;

CREATE TABLE sessions(
  id INTEGER PRIMARY KEY AUTOINCREMENT, host_id TEXT NOT NULL UNIQUE, project_id INTEGER NOT NULL REFERENCES projects(id),
  title TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT 'active' CHECK(status IN ('active', 'completed')),
  source TEXT NOT NULL DEFAULT '', cwd TEXT NOT NULL DEFAULT '', branch TEXT NOT NULL DEFAULT '',
  started_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, ended_ms INTEGER, context_ms INTEGER,
  context_before_ms INTEGER) STRICT;
CREATE INDEX sessions_by_project ON sessions(project_id, last_ms);

CREATE TABLE prompts(
  id INTEGER PRIMARY KEY AUTOINCREMENT, session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  number INTEGER NOT NULL, host_prompt_id TEXT NOT NULL DEFAULT '',
  origin TEXT NOT NULL DEFAULT 'user' CHECK(origin IN ('user', 'host')), text TEXT NOT NULL,
  terms TEXT NOT NULL DEFAULT '', created_ms INTEGER NOT NULL, UNIQUE(session_id, number)) STRICT;
CREATE INDEX prompts_by_host ON prompts(session_id, host_prompt_id);
CREATE INDEX prompts_by_time ON prompts(created_ms);
CREATE VIRTUAL TABLE prompts_fts USING fts5(
  text, terms, content='prompts', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO prompts_fts(prompts_fts, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER prompts_ai AFTER INSERT ON prompts BEGIN
  INSERT INTO prompts_fts(rowid, text, terms) VALUES (new.id, new.text, new.terms);
END;
CREATE TRIGGER prompts_ad AFTER DELETE ON prompts BEGIN
  INSERT INTO prompts_fts(prompts_fts, rowid, text, terms) VALUES ('delete', old.id, old.text, old.terms);
END;
CREATE TRIGGER prompts_au AFTER UPDATE OF text, terms ON prompts BEGIN
  INSERT INTO prompts_fts(prompts_fts, rowid, text, terms) VALUES ('delete', old.id, old.text, old.terms);
  INSERT INTO prompts_fts(rowid, text, terms) VALUES (new.id, new.text, new.terms);
END;

CREATE TABLE events(
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
  session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE, prompt_number INTEGER NOT NULL,
  kind TEXT NOT NULL, tool TEXT NOT NULL DEFAULT '', payload TEXT NOT NULL, occurred_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK(state IN ('pending', 'claimed', 'finished', 'parked')),
  taken_ms INTEGER NOT NULL, batch TEXT, lease_until_ms INTEGER NOT NULL DEFAULT 0, claims INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, not_before_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '', finished_ms INTEGER) STRICT;
-- All that choosing the next turn needs, so that no payload is read: a first backfill leaves tens of thousands of rows here.
CREATE INDEX events_waiting ON events(session_id, prompt_number, occurred_ms, taken_ms, not_before_ms, lease_until_ms, state,
  failures, claims) WHERE state IN ('pending', 'claimed');
CREATE INDEX events_by_turn ON events(session_id, prompt_number, kind);
CREATE INDEX events_finished ON events(finished_ms) WHERE state = 'finished' AND payload <> '';
CREATE INDEX events_parked ON events(id) WHERE state = 'parked';

CREATE TABLE memories(
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK(kind IN ('observation', 'summary', 'note')), type TEXT NOT NULL DEFAULT '',
  project_id INTEGER NOT NULL REFERENCES projects(id), session_id INTEGER REFERENCES sessions(id),
  prompt_number INTEGER NOT NULL DEFAULT 0, batch TEXT,
  title TEXT NOT NULL DEFAULT '', subtitle TEXT NOT NULL DEFAULT '', narrative TEXT NOT NULL DEFAULT '',
  facts TEXT NOT NULL DEFAULT '', investigated TEXT NOT NULL DEFAULT '', learned TEXT NOT NULL DEFAULT '',
  completed TEXT NOT NULL DEFAULT '', next_steps TEXT NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '',
  verbatim TEXT NOT NULL DEFAULT '', terms TEXT NOT NULL DEFAULT '',
  branch TEXT NOT NULL DEFAULT '', provider TEXT NOT NULL DEFAULT '',
  model TEXT NOT NULL DEFAULT '', work_tokens INTEGER NOT NULL DEFAULT 0, read_tokens INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL DEFAULT 0, pinned INTEGER NOT NULL DEFAULT 0, content_key INTEGER,
  repeats INTEGER NOT NULL DEFAULT 0, repeated_ms INTEGER) STRICT;
-- What says the same in the same project is one memory: `content_key` is the hash of its words (none for a summary).
CREATE INDEX memories_by_content ON memories(content_key, project_id) WHERE content_key IS NOT NULL;
CREATE INDEX memories_pinned ON memories(project_id, created_ms) WHERE pinned = 1;
CREATE INDEX memories_by_hand ON memories(changed_ms) WHERE changed_ms > 0;
CREATE INDEX memories_by_project ON memories(project_id, created_ms);
CREATE INDEX memories_by_time ON memories(created_ms);
CREATE INDEX memories_of_type ON memories(type, created_ms);
CREATE INDEX memories_of_kind ON memories(kind, created_ms);
CREATE INDEX memories_by_kind ON memories(project_id, kind, created_ms);
CREATE INDEX memories_by_session ON memories(session_id, created_ms);

CREATE TABLE memory_files(
  memory_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK(role IN ('modified', 'read')), path TEXT NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY(memory_id, role, path)) STRICT, WITHOUT ROWID;
CREATE INDEX memory_files_by_path ON memory_files(path);

CREATE TABLE memory_concepts(
  memory_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE, concept TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY(memory_id, concept)) STRICT, WITHOUT ROWID;
CREATE INDEX memory_concepts_by_name ON memory_concepts(concept, memory_id);

-- The batches that told a memory again: their events are its evidence too.
CREATE TABLE memory_repeats(
  memory_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE, batch TEXT NOT NULL,
  session_id INTEGER NOT NULL, prompt_number INTEGER NOT NULL, PRIMARY KEY(memory_id, batch)) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE memories_fts USING fts5(
  title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms,
  content='memories', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO memories_fts(memories_fts, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER memories_ai AFTER INSERT ON memories BEGIN
  INSERT INTO memories_fts(
    rowid, title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms)
  VALUES (new.id, new.title, new.subtitle, new.narrative, new.facts, new.investigated, new.learned, new.completed,
    new.next_steps, new.notes, new.verbatim, new.terms);
END;
CREATE TRIGGER memories_ad AFTER DELETE ON memories BEGIN
  INSERT INTO memories_fts(memories_fts,
    rowid, title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms)
  VALUES ('delete', old.id, old.title, old.subtitle, old.narrative, old.facts, old.investigated, old.learned,
    old.completed, old.next_steps, old.notes, old.verbatim, old.terms);
END;
CREATE TRIGGER memories_au AFTER UPDATE OF
  title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms ON memories BEGIN
  INSERT INTO memories_fts(memories_fts,
    rowid, title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms)
  VALUES ('delete', old.id, old.title, old.subtitle, old.narrative, old.facts, old.investigated, old.learned,
    old.completed, old.next_steps, old.notes, old.verbatim, old.terms);
  INSERT INTO memories_fts(
    rowid, title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms)
  VALUES (new.id, new.title, new.subtitle, new.narrative, new.facts, new.investigated, new.learned, new.completed,
    new.next_steps, new.notes, new.verbatim, new.terms);
END;

-- One vector a memory, as two tables: signs, clustered by project, choose candidates; eight-bit values rank them. `spaces` has one
-- row: the model, dimension and scale they are all in. A memory within the cap without a vector waits to be embedded.
-- `vector_changes` names the memories whose signs changed last, so that who holds all of them reads only those again.
CREATE TABLE spaces(
  id INTEGER PRIMARY KEY CHECK(id = 1), model TEXT NOT NULL, dimension INTEGER NOT NULL, scale REAL NOT NULL) STRICT;
CREATE TABLE vectors(memory_id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, v BLOB NOT NULL) STRICT;
CREATE TABLE vector_signs(
  project_id INTEGER NOT NULL, memory_id INTEGER NOT NULL, b BLOB NOT NULL,
  PRIMARY KEY(project_id, memory_id)) STRICT, WITHOUT ROWID;
CREATE TABLE vector_changes(place INTEGER PRIMARY KEY, memory_id INTEGER NOT NULL) STRICT;
CREATE TRIGGER vector_signs_ai AFTER INSERT ON vector_signs BEGIN
  INSERT INTO vector_changes(memory_id) VALUES (new.memory_id);
END;
CREATE TRIGGER vector_signs_au AFTER UPDATE ON vector_signs BEGIN
  INSERT INTO vector_changes(memory_id) VALUES (new.memory_id);
END;
CREATE TRIGGER vector_signs_ad AFTER DELETE ON vector_signs BEGIN
  INSERT INTO vector_changes(memory_id) VALUES (old.memory_id);
END;
CREATE TRIGGER vector_changes_ai AFTER INSERT ON vector_changes BEGIN
  DELETE FROM vector_changes WHERE place <= new.place - 5000;
END;
CREATE TRIGGER vectors_ad AFTER DELETE ON vectors BEGIN
  DELETE FROM vector_signs WHERE project_id = old.project_id AND memory_id = old.memory_id;
END;
CREATE TRIGGER vectors_of_deleted AFTER DELETE ON memories BEGIN
  DELETE FROM vectors WHERE memory_id = old.id;
END;
CREATE TRIGGER vectors_of_edited AFTER UPDATE OF
  title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes ON memories BEGIN
  DELETE FROM vectors WHERE memory_id = old.id;
END;
CREATE TRIGGER vectors_of_moved AFTER UPDATE OF project_id ON memories WHEN old.project_id <> new.project_id BEGIN
  UPDATE vector_signs SET project_id = new.project_id WHERE project_id = old.project_id AND memory_id = old.id;
  UPDATE vectors SET project_id = new.project_id WHERE memory_id = old.id;
END;

CREATE TABLE memory_links(
  memory_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  other_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK(kind IN ('supersedes', 'similar')), created_ms INTEGER NOT NULL,
  PRIMARY KEY(memory_id, kind, other_id)) STRICT, WITHOUT ROWID;
CREATE INDEX memory_links_back ON memory_links(other_id, kind);

-- Other keys of a project: folders whose project was merged into it. `undo` holds what was changed or deleted, for a few minutes,
-- and `undo_rows` the rows as they were, each as a JSON array of its columns.
CREATE TABLE project_aliases(
  key TEXT PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE) STRICT, WITHOUT ROWID;
CREATE TABLE undo(
  id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, what TEXT NOT NULL, verb TEXT NOT NULL, payload TEXT NOT NULL) STRICT;
CREATE TABLE undo_rows(
  id INTEGER PRIMARY KEY, undo_id INTEGER NOT NULL REFERENCES undo(id) ON DELETE CASCADE, place TEXT NOT NULL,
  kept TEXT NOT NULL) STRICT;
CREATE INDEX undo_rows_of ON undo_rows(undo_id, place);

-- What was forgotten, so that no transcript, bundle or late event brings it back; never what it said. A memory by its uid, a
-- session by the host's id (whatever it says later), a prompt as `SESSION#NUMBER`, a project by its key (what is older than
-- `at_ms`), a span of time as `FROM..UNTIL` with its scope (tombstones.py).
CREATE TABLE tombstones(
  kind TEXT NOT NULL CHECK(kind IN ('memory', 'session', 'prompt', 'project', 'span')), key TEXT NOT NULL,
  at_ms INTEGER NOT NULL, PRIMARY KEY(kind, key)) STRICT, WITHOUT ROWID;

CREATE TABLE transcripts(
  path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified_ms INTEGER NOT NULL, read_ms INTEGER NOT NULL) STRICT;

CREATE TABLE usage(
  id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  purpose TEXT NOT NULL, session_id INTEGER REFERENCES sessions(id) ON DELETE SET NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL, characters INTEGER NOT NULL DEFAULT 0, cost_micros INTEGER) STRICT;
CREATE INDEX usage_by_time ON usage(created_ms);
CREATE INDEX usage_by_model ON usage(provider, model, id);

-- How often which kind of secret, or private text, was taken out before anything was stored; never what it was.
CREATE TABLE masked(kind TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE provider_health(
  name TEXT PRIMARY KEY, failures INTEGER NOT NULL DEFAULT 0, failing_since_ms INTEGER NOT NULL DEFAULT 0,
  not_before_ms INTEGER NOT NULL DEFAULT 0, asked_ms INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '')
  STRICT, WITHOUT ROWID;
"""

# ------------------------------------------------------------------------------------------------------ connection
READER_PRAGMAS = "PRAGMA query_only=1; PRAGMA mmap_size=1073741824; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY"
WRITER_PRAGMAS = (
    "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=1; PRAGMA recursive_triggers=1; PRAGMA secure_delete=ON;"
    "PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864"
)
# The mark has to be in the first transaction, or a file left by a killed process would be somebody else's. The first pragma
# acts when it is compiled; run, it would be a transaction of its own.
CREATE = f"EXPLAIN PRAGMA auto_vacuum=INCREMENTAL; PRAGMA application_id={APPLICATION_ID}"
APPLICATION = "PRAGMA application_id"
WAL = "PRAGMA journal_mode=WAL"
VERSION = "PRAGMA user_version"
SET_VERSION = "PRAGMA user_version={}"
DATA_VERSION = "PRAGMA data_version"
FOREIGN_TABLES = "SELECT name FROM sqlite_schema WHERE name IN ('sdk_sessions', 'schema_versions')"
INTEGRITY = "PRAGMA integrity_check"
MIGRATED = "INSERT INTO migrations(version, name, applied_ms) VALUES (?, ?, ?)"
BACKUP = "VACUUM INTO ?"

# -------------------------------------------------------------------------------------------------------- sessions
PROJECT_BY_KEY = """
SELECT id, key, name, root FROM projects WHERE key = ?1 OR id = (SELECT project_id FROM project_aliases WHERE key = ?1)
ORDER BY key = ?1 DESC LIMIT 1
"""
PROJECT_BY_NAME = "SELECT id, key, name, root FROM projects WHERE name = ? COLLATE NOCASE"
ADD_PROJECT = "INSERT INTO projects(key, name, root, created_ms) VALUES (?, ?, ?, ?) RETURNING id"
PROJECT_ALIASES = "SELECT key FROM project_aliases WHERE project_id = ? ORDER BY key"
MASKED = "SELECT kind, count FROM masked ORDER BY count DESC, kind"
COUNT_MASKED = (
    "INSERT INTO masked(kind, count) VALUES (?, ?) ON CONFLICT(kind) DO UPDATE SET count = count + excluded.count"
)
PROJECTS = """
SELECT p.id, p.key, p.name, p.root, coalesce(s.n, 0), coalesce(m.n, 0), max(coalesce(s.last, 0), coalesce(m.last, 0)) AS last
FROM projects p
LEFT JOIN (SELECT project_id, count(*) AS n, max(last_ms) AS last FROM sessions GROUP BY project_id) s ON s.project_id = p.id
LEFT JOIN (SELECT project_id, count(*) AS n, max(created_ms) AS last FROM memories GROUP BY project_id) m
  ON m.project_id = p.id
ORDER BY last DESC, p.id
"""
SESSION_BY_HOST = "SELECT id, project_id, branch, cwd FROM sessions WHERE host_id = ?"
ADD_SESSION = """
INSERT INTO sessions(host_id, project_id, cwd, branch, started_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?) RETURNING id
"""
TOUCH_SESSION = """
UPDATE sessions SET last_ms = max(last_ms, :at), started_ms = min(started_ms, :at),
  branch = CASE WHEN branch = '' THEN :branch ELSE branch END WHERE id = :id
"""
START_SESSION = """
UPDATE sessions SET source = CASE WHEN coalesce(context_ms, 0) <= :at THEN :source ELSE source END,
  context_before_ms = CASE WHEN :source <> 'compact' AND :at > coalesce(context_ms, 0) THEN context_ms
    ELSE context_before_ms END,
  context_ms = CASE WHEN :source = 'compact' THEN context_ms ELSE max(coalesce(context_ms, 0), :at) END,
  status = CASE WHEN coalesce(ended_ms, 0) <= :at THEN 'active' ELSE status END,
  ended_ms = CASE WHEN coalesce(ended_ms, 0) <= :at THEN NULL ELSE ended_ms END WHERE id = :id
"""
END_SESSION = """
UPDATE sessions SET status = 'completed', ended_ms = :at WHERE id = :id AND (ended_ms IS NULL OR ended_ms < :at)
  AND NOT EXISTS (SELECT 1 FROM events WHERE session_id = :id AND kind IN ('start', 'prompt') AND occurred_ms > :at)
"""
CONTINUE_SESSION = "UPDATE sessions SET status = 'active', ended_ms = NULL WHERE id = ? AND ended_ms < ?"
ENDED_BY = "SELECT 1 FROM sessions WHERE host_id = ? AND ended_ms >= ?"
TITLE_SESSION = "UPDATE sessions SET title = ? WHERE id = ? AND title = ''"
SESSIONS = """
SELECT s.id, s.host_id, s.project_id, p.name, s.title, s.status, s.branch, s.cwd, s.started_ms, s.ended_ms, s.last_ms,
  (SELECT count(*) FROM prompts WHERE session_id = s.id AND origin = 'user'),
  (SELECT count(*) FROM memories WHERE session_id = s.id),
  (SELECT count(*) FROM events WHERE session_id = s.id AND state IN ('pending', 'claimed'))
FROM sessions s JOIN projects p ON p.id = s.project_id
WHERE (:project IS NULL OR s.project_id = :project) AND (:host IS NULL OR s.host_id = :host)
ORDER BY s.last_ms DESC, s.id DESC LIMIT :limit OFFSET :offset
"""
SESSION_DAYS = """
SELECT date(last_ms / 1000, 'unixepoch', 'localtime'), count(*) FROM sessions
WHERE :project IS NULL OR project_id = :project GROUP BY 1 ORDER BY 1 DESC
"""
SESSIONS_BEGINNING = """
SELECT host_id FROM sessions WHERE host_id >= ?1 AND substr(host_id, 1, length(?1)) = ?1 ORDER BY host_id LIMIT 4
"""
LAST_PROMPT = "SELECT coalesce(max(number), 0) FROM prompts WHERE session_id = ?"
PROMPT_NUMBER = "SELECT max(number) FROM prompts WHERE session_id = ? AND host_prompt_id = ? AND host_prompt_id <> ''"
PROMPT_AT = "SELECT number FROM prompts WHERE session_id = ? AND created_ms <= ? ORDER BY created_ms DESC LIMIT 1"
PROJECT_OF_SESSION = """
SELECT p.id, p.key, p.name, p.root FROM projects p JOIN sessions s ON s.project_id = p.id WHERE s.id = ?
"""
PROJECT_OF = "SELECT project_id FROM sessions WHERE id = ?"
ADOPT_SESSION = "UPDATE sessions SET project_id = ?, cwd = ? WHERE id = ?"
ADOPT_MEMORIES = "UPDATE memories SET project_id = ? WHERE session_id = ?"
DROP_EMPTY_PROJECT = """
DELETE FROM projects WHERE id = :id AND NOT EXISTS (SELECT 1 FROM sessions WHERE project_id = :id)
  AND NOT EXISTS (SELECT 1 FROM memories WHERE project_id = :id)
"""
ADD_PROMPT = """
INSERT INTO prompts(session_id, number, host_prompt_id, origin, text, terms, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
REQUEST = """
SELECT text, number FROM prompts WHERE session_id = ? AND number <= ? AND origin = 'user' ORDER BY number DESC LIMIT 1
"""
TOMBSTONE = "SELECT at_ms FROM tombstones WHERE kind = ? AND key = ?"
TOMBSTONES_OF = "SELECT key FROM tombstones WHERE kind = ?"
TOMBSTONES_BETWEEN = "SELECT 1 FROM tombstones WHERE kind = 'prompt' AND key >= ? AND key < ? LIMIT 1"
ADD_TOMBSTONE = """
INSERT INTO tombstones(kind, key, at_ms) VALUES (?, ?, ?) ON CONFLICT(kind, key) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)
"""
UNOBSERVED = "SELECT EXISTS (SELECT 1 FROM events WHERE state IN ('pending', 'claimed'))"

# ---------------------------------------------------------------------------------------------------------- events
KNOWN_EVENT = "SELECT 1 FROM events WHERE key = ? OR uid = ?"
ADD_EVENT = """
INSERT INTO events(uid, key, session_id, prompt_number, kind, tool, payload, occurred_ms, state, taken_ms, finished_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# A turn is ready when it is over (its Stop or the session's end was seen, or a later prompt came), or enough of it waits, or
# it waited long enough. One batch of a session at a time, so that its memories keep their order; the session whose oldest
# event waits longest comes first.
CLAIM = """
WITH waiting AS (
  SELECT session_id, prompt_number, count(*) AS n, min(occurred_ms) AS oldest, min(taken_ms) AS taken,
    max(not_before_ms) AS not_before, max(state = 'claimed' AND lease_until_ms > :now) AS busy
  FROM events WHERE state IN ('pending', 'claimed') GROUP BY session_id, prompt_number),
turn AS (
  SELECT w.session_id, w.prompt_number FROM waiting w JOIN sessions s ON s.id = w.session_id
  WHERE w.not_before <= :now
    AND NOT EXISTS (SELECT 1 FROM waiting b WHERE b.session_id = w.session_id AND b.busy)
    AND NOT EXISTS (SELECT 1 FROM waiting e WHERE e.session_id = w.session_id AND e.prompt_number < w.prompt_number)
    AND (:flush OR s.status = 'completed' OR w.n >= :enough OR w.taken <= :now - :age
      OR EXISTS (SELECT 1 FROM events e WHERE e.session_id = w.session_id AND e.prompt_number = w.prompt_number
        AND e.kind = 'stop')
      OR EXISTS (SELECT 1 FROM prompts p WHERE p.session_id = w.session_id AND p.number > w.prompt_number))
    AND (:session = '' OR s.host_id = :session)
  ORDER BY w.oldest < :now - 86400000, w.oldest, w.session_id LIMIT 1)
UPDATE events SET state = 'claimed', batch = :token, lease_until_ms = :until, claims = claims + 1
WHERE id IN (
  SELECT e.id FROM events e JOIN turn t ON t.session_id = e.session_id AND t.prompt_number = e.prompt_number
  WHERE e.state IN ('pending', 'claimed') ORDER BY e.occurred_ms, e.id LIMIT :most)
RETURNING id, uid, kind, tool, payload, occurred_ms, session_id, prompt_number, attempts
"""
BATCH_SESSION = """
SELECT s.host_id, s.project_id, p.name, p.root, s.branch FROM sessions s JOIN projects p ON p.id = s.project_id
WHERE s.id = ?
"""
EARLIER = """
SELECT id, uid, kind, tool, payload, occurred_ms FROM events
WHERE session_id = ? AND prompt_number = ? AND state = 'finished' AND kind NOT IN ('start', 'end', 'prompt')
  AND payload <> '' ORDER BY occurred_ms, id LIMIT 400
"""
RECAP = """
SELECT title FROM memories WHERE session_id = ? AND kind = 'observation' ORDER BY created_ms DESC, id DESC LIMIT 30
"""
IS_OVER = """
SELECT (EXISTS (SELECT 1 FROM events WHERE session_id = :id AND prompt_number = :n AND kind = 'stop')
    OR EXISTS (SELECT 1 FROM sessions WHERE id = :id AND status = 'completed')
    OR EXISTS (SELECT 1 FROM prompts WHERE session_id = :id AND number > :n))
  AND NOT EXISTS (SELECT 1 FROM events WHERE session_id = :id AND prompt_number = :n
    AND (state = 'pending' OR state = 'claimed' AND batch <> :token))
"""
SUMMARISED = "SELECT 1 FROM memories WHERE session_id = ? AND prompt_number = ? AND kind = 'summary'"
FINISH = """
UPDATE events SET state = 'finished', finished_ms = ?, lease_until_ms = 0, error = ''
WHERE batch = ? AND state = 'claimed'
"""
RENEW = "UPDATE events SET lease_until_ms = ? WHERE batch = ? AND state = 'claimed'"
RELEASE = """
UPDATE events SET state = 'pending', batch = NULL, lease_until_ms = 0, claims = 0, not_before_ms = :not_before,
  error = :error, attempts = attempts + :tried, failures = failures + :failed
WHERE batch = :token AND state = 'claimed'
"""
RELEASE_ALL = """
UPDATE events SET state = 'pending', batch = NULL, lease_until_ms = 0, claims = max(0, claims - :back)
WHERE state = 'claimed'
"""
PARK_TIRED = """
UPDATE events SET state = 'parked', batch = NULL, error = CASE WHEN error = '' OR claims >= :claims THEN :cause ELSE error END
WHERE state IN ('pending', 'claimed') AND lease_until_ms <= :now AND (failures >= :limit OR claims >= :claims)
"""
RETRY_PARKED = """
UPDATE events SET state = 'pending', attempts = 0, failures = 0, claims = 0, not_before_ms = 0
WHERE state = 'parked' AND (:id IS NULL OR id = :id)
"""
RETRY_WAITING = "UPDATE events SET not_before_ms = 0 WHERE state = 'pending' AND not_before_ms > 0"
DISCARD_PARKED = "DELETE FROM events WHERE state = 'parked' AND (:id IS NULL OR id = :id)"
QUEUE_COUNTS = "SELECT state, count(*) FROM events GROUP BY state"
QUEUE_WAITS = "SELECT EXISTS (SELECT 1 FROM events WHERE state IN ('pending', 'claimed'))"
QUEUE_OLDEST = "SELECT min(taken_ms) FROM events WHERE state IN ('pending', 'claimed')"
QUEUE = """
SELECT e.id, e.kind, e.tool, e.state, e.attempts, e.occurred_ms, e.taken_ms, e.not_before_ms, e.error, s.host_id, p.name,
  e.prompt_number, e.lease_until_ms
FROM events e JOIN sessions s ON s.id = e.session_id JOIN projects p ON p.id = s.project_id
WHERE e.state IN ('pending', 'claimed', 'parked') ORDER BY e.state = 'parked' DESC, e.occurred_ms, e.id LIMIT ? OFFSET ?
"""
LAST_ERROR = """
SELECT error, not_before_ms FROM events WHERE error <> '' AND state <> 'finished' ORDER BY id DESC LIMIT 1
"""
TRANSCRIPT_READ = "SELECT 1 FROM transcripts WHERE path = ? AND size = ? AND modified_ms = ?"
ADD_TRANSCRIPT = "INSERT OR REPLACE INTO transcripts(path, size, modified_ms, read_ms) VALUES (?, ?, ?, ?)"
# What an event said leaves; that it was there stays, or a transcript read later would bring it back.
EXPIRING = """
SELECT count(*), coalesce(sum(length(CAST(payload AS BLOB))), 0) FROM events
WHERE state = 'finished' AND payload <> '' AND finished_ms < ?
"""
# Taken out and put back, not updated: an update leaves each short row alone on the page that its long one filled.
_BUT_PAYLOAD = """id, uid, key, session_id, prompt_number, kind, tool, occurred_ms, state, taken_ms, batch, lease_until_ms, claims,
  attempts, failures, not_before_ms, error, finished_ms"""
EXPIRED = f"""
SELECT {_BUT_PAYLOAD} FROM events WHERE state = 'finished' AND payload <> '' AND finished_ms < ? ORDER BY finished_ms LIMIT ?
"""
TAKE_EVENTS_OUT = "DELETE FROM events WHERE id IN carray(?)"
PUT_EVENT_BACK = f"INSERT INTO events({_BUT_PAYLOAD}, payload) VALUES ({', '.join('?' * 18)}, '')"

# -------------------------------------------------------------------------------------------------------- memories
ADD_MEMORY = """
INSERT INTO memories(uid, kind, type, project_id, session_id, prompt_number, batch, title, subtitle, narrative, facts,
  investigated, learned, completed, next_steps, notes, verbatim, terms, branch, provider, model, work_tokens, read_tokens,
  created_ms, content_key)
VALUES (:uid, :kind, :type, :project_id, :session_id, :prompt_number, :batch, :title, :subtitle, :narrative, :facts,
  :investigated, :learned, :completed, :next_steps, :notes, :verbatim, :terms, :branch, :provider, :model, :work_tokens,
  :read_tokens, :created_ms, :content_key)
RETURNING id
"""
REPEAT = """
UPDATE memories SET repeats = repeats + 1, repeated_ms = max(coalesce(repeated_ms, 0), :created_ms)
WHERE id = (SELECT min(id) FROM memories WHERE content_key = :content_key AND project_id = :project_id) RETURNING id
"""
OBSERVED_HERE_TOO = "UPDATE memories SET batch = coalesce(batch, :batch) WHERE uid = :uid RETURNING id"
ADD_REPEAT = "INSERT OR IGNORE INTO memory_repeats(memory_id, batch, session_id, prompt_number) VALUES (?, ?, ?, ?)"
ADD_FILE = "INSERT OR IGNORE INTO memory_files(memory_id, role, path, position) VALUES (?, ?, ?, ?)"
ADD_CONCEPT = "INSERT OR IGNORE INTO memory_concepts(memory_id, concept) VALUES (?, ?)"
MEMORIES = """
SELECT m.id, m.uid, m.kind, m.type, m.title, m.subtitle, m.narrative, m.facts, m.investigated, m.learned, m.completed,
  m.next_steps, m.notes, m.verbatim, p.name, coalesce(s.host_id, ''), m.prompt_number, m.branch, m.provider, m.model,
  m.work_tokens, m.read_tokens, m.created_ms, m.repeats, m.repeated_ms
FROM memories m JOIN projects p ON p.id = m.project_id LEFT JOIN sessions s ON s.id = m.session_id
WHERE m.id IN carray(?)
"""
FILES = "SELECT memory_id, role, path FROM memory_files WHERE memory_id IN carray(?) ORDER BY memory_id, role, position"
CONCEPTS = "SELECT memory_id, concept FROM memory_concepts WHERE memory_id IN carray(?) ORDER BY memory_id, concept"
MEMORY_PROJECT = "SELECT project_id FROM memories WHERE id = ?"
FORGET = "DELETE FROM memories WHERE id IN carray(?) RETURNING id"
COUNTS = """
SELECT (SELECT count(*) FROM projects), (SELECT count(*) FROM sessions), (SELECT count(*) FROM prompts),
  (SELECT count(*) FROM memories WHERE kind = 'observation'), (SELECT count(*) FROM memories WHERE kind = 'summary'),
  (SELECT count(*) FROM memories WHERE kind = 'note')
"""
ADD_USAGE = """
INSERT INTO usage(created_ms, provider, model, purpose, session_id, input_tokens, output_tokens, cache_read_tokens,
  cache_write_tokens, characters, cost_micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ALL_TOKENS = "input_tokens + output_tokens + cache_read_tokens + cache_write_tokens"
SPENT = f"""
SELECT count(*), coalesce(sum({_ALL_TOKENS}), 0), coalesce(sum(cost_micros), 0) FROM usage WHERE created_ms >= ?
"""
MEASURED = """
SELECT sum(characters), sum(input_tokens + cache_read_tokens + cache_write_tokens) FROM (
  SELECT * FROM usage WHERE provider = ? AND characters > 0 ORDER BY id DESC LIMIT 20)
"""
USAGE_BY_DAY = """
SELECT date(created_ms / 1000, 'unixepoch', 'localtime') AS day, provider, model, purpose, count(*), sum(input_tokens),
  sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens), coalesce(sum(cost_micros), 0),
  sum(cost_micros IS NULL)
FROM usage WHERE created_ms >= ? GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, 2, 3, 4
"""
HEALTH = "SELECT name, failures, failing_since_ms, not_before_ms, asked_ms, error FROM provider_health"
PROVIDER_FAILED = """
INSERT INTO provider_health(name, failures, failing_since_ms, not_before_ms, error)
VALUES (:name, :failures, :now, :until, :error)
ON CONFLICT(name) DO UPDATE SET failures = :failures, not_before_ms = :until, error = :error,
  failing_since_ms = CASE WHEN failing_since_ms = 0 THEN :now ELSE failing_since_ms END
"""
PROVIDER_WELL = """
UPDATE provider_health SET failures = 0, failing_since_ms = 0, not_before_ms = 0, error = '' WHERE name = ? AND error <> ''
"""
PROVIDER_ASKED = """
INSERT INTO provider_health(name, asked_ms) VALUES (:name, :now)
ON CONFLICT(name) DO UPDATE SET asked_ms = :now WHERE asked_ms <= :now - :gap OR asked_ms > :now
"""
RETRY_PROVIDERS = "UPDATE provider_health SET not_before_ms = 0 WHERE name NOT GLOB 'limit:*'"
FORGET_HEALTH = "DELETE FROM provider_health WHERE name = ?"
PAUSED = "SELECT error FROM provider_health WHERE name GLOB 'limit:*' AND not_before_ms > ? LIMIT 1"

# ---------------------------------------------------------------------------------------------------------- search
HIT_COLUMNS = """
m.id, m.uid, m.kind, m.type, m.title, p.name, m.created_ms, m.read_tokens,
coalesce((SELECT path FROM memory_files f WHERE f.memory_id = m.id ORDER BY role, position LIMIT 1), '')
"""
# Weighed by what the benchmarks say: a title counts a little more than the text it sums up, not many times.
_SCORE = "bm25(memories_fts, 1.2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 1.0)"
_HITS = """
CROSS JOIN memories m ON m.id = hit.id JOIN projects p ON p.id = m.project_id
ORDER BY {order}
"""
# Scoring costs by the match, joining for a filter a third of that: without filters no join, and only the newest matches scored.
SCORED = f"""
SELECT rowid, {_SCORE} AS score FROM memories_fts
WHERE memories_fts MATCH :match AND rowid > coalesce(
  (SELECT rowid FROM memories_fts WHERE memories_fts MATCH :match ORDER BY rowid DESC LIMIT 1 OFFSET :most), 0)
ORDER BY score, rowid DESC LIMIT :limit OFFSET :offset
"""
SCORED_FILTERED = f"""
SELECT m.id, {_SCORE} AS score FROM memories_fts CROSS JOIN memories m ON m.id = memories_fts.rowid
WHERE memories_fts MATCH :match {{filters}} ORDER BY score, m.id DESC LIMIT :limit OFFSET :offset
"""
SCORED_AMONG = f"SELECT rowid, {_SCORE} FROM memories_fts WHERE memories_fts MATCH :match AND rowid IN carray(:ids)"
AMONG = "SELECT rowid FROM memories_fts WHERE memories_fts MATCH :match AND rowid IN carray(:ids)"
SEARCH_HITS = f"SELECT {HIT_COLUMNS} FROM memories m JOIN projects p ON p.id = m.project_id WHERE m.id IN carray(:ids)"
STANDING = """
SELECT m.id, m.created_ms, EXISTS (SELECT 1 FROM memory_links l WHERE l.other_id = m.id AND l.kind = 'supersedes')
FROM memories m WHERE m.id IN carray(:ids)
"""
PLACES = "SELECT id, project_id, session_id, created_ms, read_tokens FROM memories WHERE id IN carray(:ids)"
SIMILAR = """
SELECT memory_id, other_id FROM memory_links WHERE kind = 'similar' AND memory_id IN carray(:ids)
UNION SELECT other_id, memory_id FROM memory_links WHERE kind = 'similar' AND other_id IN carray(:ids) ORDER BY 1, 2 DESC
"""
MARKS = """
SELECT id, 0, 'pinned' FROM memories WHERE id IN carray(:ids) AND pinned = 1
UNION SELECT other_id, memory_id, 'superseded_by' FROM memory_links WHERE kind = 'supersedes' AND other_id IN carray(:ids)
UNION SELECT memory_id, other_id, 'similar' FROM memory_links WHERE kind = 'similar' AND memory_id IN carray(:ids)
UNION SELECT other_id, memory_id, 'similar' FROM memory_links WHERE kind = 'similar' AND other_id IN carray(:ids)
ORDER BY 1, 2 DESC
"""
MATCHING_AMONG = """
SELECT m.id FROM memories_fts CROSS JOIN memories m ON m.id = memories_fts.rowid
WHERE memories_fts MATCH :match AND memories_fts.rowid IN carray(:ids) {filters}
"""
MATCHING_COUNT_WITH = """
SELECT count(*), sum(m.id IN carray(:ids)) FROM memories_fts CROSS JOIN memories m ON m.id = memories_fts.rowid
WHERE memories_fts MATCH :match {filters}
"""
MATCHING_COUNT = """
SELECT count(*) FROM memories_fts CROSS JOIN memories m ON m.id = memories_fts.rowid WHERE memories_fts MATCH :match {filters}
"""
LINK = """
INSERT OR IGNORE INTO memory_links(memory_id, other_id, kind, created_ms)
SELECT :memory, :other, :kind, :at WHERE EXISTS (SELECT 1 FROM memories WHERE id = :memory)
  AND EXISTS (SELECT 1 FROM memories WHERE id = :other) RETURNING memory_id
"""
UNLINK_SIMILAR = "DELETE FROM memory_links WHERE kind = 'similar' AND (memory_id = ?1 OR other_id = ?1)"
LINKS = """
SELECT other_id, kind, 1 FROM memory_links WHERE memory_id = :id UNION ALL
SELECT memory_id, kind, 0 FROM memory_links WHERE other_id = :id AND kind = 'supersedes' ORDER BY 1
"""
WORDS_TABLE = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.memory_words USING fts5vocab(main, memories_fts, 'row')"
QUERY_ONLY = "PRAGMA query_only={}"
WORDS_LIKE = "SELECT term FROM temp.memory_words WHERE term >= :from AND term < :to ORDER BY doc DESC LIMIT :most"
SAID = """
SELECT m.title || ' ' || m.subtitle || ' ' || substr(m.narrative || ' ' || m.facts || ' ' || m.learned || ' ' || m.completed || ' '
  || m.next_steps || ' ' || m.verbatim, 1, 8000)
FROM memories_fts CROSS JOIN memories m ON m.id = memories_fts.rowid WHERE memories_fts MATCH ? LIMIT 3
"""
TOTAL = "SELECT count(*) FROM memories"
SEARCH_DATED = f"""
SELECT {HIT_COLUMNS}, 0.0 FROM (
  SELECT m.id FROM memories_fts CROSS JOIN memories m ON m.id = memories_fts.rowid
  WHERE memories_fts MATCH :match {{filters}} ORDER BY {{order}} LIMIT :limit OFFSET :offset) AS hit
{_HITS}
"""
SEARCH_COUNT = "SELECT count(*) FROM memories m WHERE 1 {filters}"
SEARCH_NEWEST = f"""
SELECT {HIT_COLUMNS}, 0.0 FROM memories m JOIN projects p ON p.id = m.project_id
WHERE 1 {{filters}} ORDER BY {{order}} LIMIT :limit OFFSET :offset
"""
MATCHES = "SELECT count(*) FROM (SELECT 1 FROM memories_fts WHERE memories_fts MATCH ? LIMIT ?)"
MATCHES_WITH = """
SELECT count(*), sum(id IN carray(:ids))
FROM (SELECT rowid AS id FROM memories_fts WHERE memories_fts MATCH :match ORDER BY rowid DESC LIMIT :most)
"""
DATE_ORDERS = {"date_desc": "m.created_ms DESC, m.id DESC", "date_asc": "m.created_ms, m.id"}
# Beyond a place of the list: rank 1 is a memory, 0 a prompt of the same moment.
BEYOND_MEMORY = " AND m.created_ms {than}= :at AND (m.created_ms, 1, m.id) {than} (:at, :rank, :last)"
BEYOND_PROMPT = " AND q.created_ms {than}= :at AND (q.created_ms, 0, q.id) {than} (:at, :rank, :last)"
MEMORY_TIME = "SELECT created_ms FROM memories WHERE id = ?"
PROMPT_TIME = "SELECT created_ms FROM prompts WHERE id = ?"
# A prompt in a list of hits: its id is its own, negated.
_PROMPT_HIT = """
SELECT -q.id, '', 'prompt', '', substr(q.text, 1, 400), p.name, q.created_ms, (length(q.text) + 3) / 4, ''{score}
FROM {source} JOIN sessions s ON s.id = q.session_id JOIN projects p ON p.id = s.project_id
"""
PROMPT_HITS = _PROMPT_HIT.format(source="prompts q", score="") + "WHERE q.id IN carray(:ids)"
PROMPTS_SCORED = """
SELECT -q.id, -bm25(prompts_fts) AS score FROM prompts_fts CROSS JOIN prompts q ON q.id = prompts_fts.rowid
WHERE prompts_fts MATCH :match AND q.origin = 'user' {filters} ORDER BY score DESC, q.id DESC LIMIT :limit
"""
PROMPTS_NEWEST = (
    _PROMPT_HIT.format(source="prompts q", score=", 0.0")
    + "WHERE q.origin = 'user' {filters} ORDER BY {order} LIMIT :limit OFFSET :offset"
)
PROMPTS_MATCHING = " AND q.id IN (SELECT rowid FROM prompts_fts WHERE prompts_fts MATCH :match)"
# A turn is told once: by what was made of it, where that is among the hits.
PROMPTS_UNTOLD = """ AND NOT EXISTS (SELECT 1 FROM memories m WHERE m.session_id = q.session_id AND m.prompt_number = q.number
  AND m.id IN carray(:told))"""
PROMPTS_OF_PROJECTS = " AND (SELECT project_id FROM sessions WHERE id = q.session_id) IN carray(:projects)"
PROMPT_ORDERS = {"date_desc": "q.created_ms DESC, q.id DESC", "date_asc": "q.created_ms, q.id"}
PROMPT_COUNT = "SELECT count(*) FROM prompts q WHERE q.origin = 'user' {filters}"
FILTER_IS = " AND m.{column} = :{name}"
FILTER_ONE_OF = " AND +m.{column} IN carray(:{name})"
FILTER_SINCE = " AND m.created_ms >= :since"
FILTER_UNTIL = " AND m.created_ms < :until"
FILTER_CONCEPTS = (
    " AND EXISTS (SELECT 1 FROM memory_concepts c WHERE c.memory_id = m.id AND c.concept IN carray(:concepts))"
)
FILTER_EITHER = """ AND (m.type IN carray(:type) OR EXISTS (
  SELECT 1 FROM memory_concepts c WHERE c.memory_id = m.id AND c.concept IN carray(:concepts)))"""
FILTER_FILES = " AND EXISTS (SELECT 1 FROM memory_files f WHERE f.memory_id = m.id AND ({paths}))"
# Without a query, by date: a filter that few memories pass is answered from its own index, else a whole table would be read.
FILTER_IDS = " AND m.id IN carray(:ids)"
WITH_CONCEPTS = "SELECT DISTINCT memory_id FROM memory_concepts WHERE concept IN carray(:concepts) LIMIT :most"
WITH_FILES = "SELECT DISTINCT f.memory_id FROM memory_files f WHERE {paths} LIMIT :most"
FILE_LIKE = "f.path LIKE :file{} ESCAPE '\\'"
# Direct children of a folder: all but the last part of the path ends with the folder, or an absolute folder ends with it.
_FOLDER = "rtrim(f.path, replace(f.path, '/', ''))"
FILE_IN = f"""('/' || {_FOLDER} LIKE :file{{0}} ESCAPE '\\'
  OR (substr(:folder{{0}}, 1, 1) = '/' AND f.path LIKE '%_/_%' AND substr(f.path, 1, 1) <> '/'
    AND substr(:folder{{0}}, -length({_FOLDER}) - 1) = '/' || {_FOLDER}))"""
_SLASHED = "replace(f.path, char(92), '/')"
_ROOTED = f"(SELECT p.root FROM memories n JOIN projects p ON p.id = n.project_id WHERE n.id = f.memory_id) || '/' || {_SLASHED}"
PATH_LIKE = f"'/' || {_SLASHED} LIKE :path{{0}} ESCAPE '\\'"
PATH_DIRECTLY_IN = f"'/' || rtrim({_SLASHED}, replace({_SLASHED}, '/', '')) LIKE :path{{0}} ESCAPE '\\'"
PATH_FROM_ROOT = f"({_SLASHED} LIKE :path{{0}} ESCAPE '\\' OR {_ROOTED} LIKE :path{{0}} ESCAPE '\\')"
PATH_DIRECTLY_BELOW = f"""
(({_SLASHED} LIKE :path{{0}} ESCAPE '\\' AND {_SLASHED} NOT LIKE :deeper{{0}} ESCAPE '\\')
  OR ({_ROOTED} LIKE :path{{0}} ESCAPE '\\' AND {_ROOTED} NOT LIKE :deeper{{0}} ESCAPE '\\'))
"""

# --------------------------------------------------------------------------------------------------------- vectors
VEC_VERSION = "SELECT vec_version()"
SPACE = "SELECT model, dimension, scale FROM spaces"
SET_SPACE = "INSERT OR REPLACE INTO spaces(id, model, dimension, scale) VALUES (1, ?, ?, ?)"
CLEAR_SPACE = "DELETE FROM spaces"
CLEAR_VECTORS = "DELETE FROM vectors WHERE memory_id IN (SELECT memory_id FROM vectors LIMIT ?) RETURNING memory_id"
CLEAR_SIGNS = "DELETE FROM vector_signs"
ADD_VECTOR = "INSERT OR REPLACE INTO vectors(memory_id, project_id, v) VALUES (?, ?, ?)"
ADD_SIGNS = "INSERT OR REPLACE INTO vector_signs(project_id, memory_id, b) VALUES (?, ?, ?)"
COUNT_VECTORS = "SELECT count(*) FROM vector_signs"
TEXTS = """
SELECT m.id, m.project_id, m.title, m.subtitle, m.narrative, m.facts, m.investigated, m.learned, m.completed, m.next_steps,
  m.notes, CASE WHEN m.kind = 'note' THEN coalesce(
    (SELECT group_concat(concept, ' ') FROM memory_concepts c WHERE c.memory_id = m.id), '') ELSE '' END
FROM memories m WHERE m.id IN carray(?) ORDER BY m.created_ms DESC, m.id DESC
"""
_WITHIN = """
SELECT * FROM (SELECT id FROM memories ORDER BY created_ms DESC, id DESC LIMIT :cap)
UNION ALL SELECT id FROM memories WHERE kind = 'note'
UNION ALL SELECT id FROM memories INDEXED BY memories_pinned WHERE pinned = 1
UNION ALL SELECT id FROM memories INDEXED BY memories_by_hand WHERE changed_ms > 0
"""
WAITING = f"""
SELECT DISTINCT w.id FROM ({_WITHIN}) w WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.memory_id = w.id)
ORDER BY w.id DESC LIMIT :most
"""
COUNT_WAITING = f"""
SELECT count(DISTINCT w.id) FROM ({_WITHIN}) w WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.memory_id = w.id)
"""
EDGE = "SELECT created_ms, id FROM memories ORDER BY created_ms DESC, id DESC LIMIT 1 OFFSET ?"
BEYOND = """
SELECT o.id, o.created_ms, o.kind <> 'note' AND o.pinned = 0 AND o.changed_ms = 0
  AND EXISTS (SELECT 1 FROM vectors v WHERE v.memory_id = o.id)
FROM (SELECT id, created_ms, kind, pinned, changed_ms FROM memories WHERE (created_ms, id) < (?, ?)
  ORDER BY created_ms DESC, id DESC LIMIT ?) o ORDER BY o.created_ms DESC, o.id DESC
"""
_OVER = """
FROM vectors v CROSS JOIN memories m ON m.id = v.memory_id
WHERE (m.created_ms, m.id) < (:at, :id) AND m.kind <> 'note' AND m.pinned = 0 AND m.changed_ms = 0
"""
OVER = f"SELECT v.memory_id {_OVER} AND v.memory_id > :after ORDER BY v.memory_id LIMIT :most"
COUNT_OVER = f"SELECT count(*) {_OVER}"
UNUSED_PAGES = "PRAGMA freelist_count"
FREE_PAGES = "PRAGMA incremental_vacuum({})"
CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"
DROP_VECTORS = "DELETE FROM vectors WHERE memory_id IN carray(?) RETURNING memory_id"
DROP_ORPHANS = "DELETE FROM vectors WHERE memory_id NOT IN (SELECT id FROM memories) RETURNING memory_id"
DROP_HALVES = """
DELETE FROM vectors WHERE NOT EXISTS (
  SELECT 1 FROM vector_signs s WHERE s.project_id = vectors.project_id AND s.memory_id = vectors.memory_id)
RETURNING memory_id
"""
# Damaged ones: of another length than the vectors of this space have.
_MISFITS = """
length(v) <> (SELECT dimension FROM spaces)
  OR memory_id IN (SELECT s.memory_id FROM vector_signs s WHERE length(s.b) <> (SELECT (dimension + 7) / 8 FROM spaces))
"""
DROP_MISFITS = f"DELETE FROM vectors WHERE {_MISFITS} RETURNING memory_id"
DROP_LONE_SIGNS = "DELETE FROM vector_signs WHERE memory_id NOT IN (SELECT memory_id FROM vectors) RETURNING memory_id"
# Without AS MATERIALIZED and CROSS JOIN, SQLite may scan all signs once a row of the join: seconds instead of milliseconds.
NEAR_AMONG = " AND s.memory_id IN (SELECT m.id FROM memories m WHERE 1 {filters})"
NEAR = """
WITH hit AS MATERIALIZED (
  SELECT s.memory_id AS id FROM vector_signs s WHERE length(s.b) = length(:signs) {filters}
  ORDER BY vec_distance_hamming(vec_bit(s.b), vec_bit(:signs)) LIMIT :pool)
SELECT hit.id, vec_distance_l2(vec_int8(v.v), vec_int8(:vector)) AS distance
FROM hit CROSS JOIN vectors v ON v.memory_id = hit.id WHERE length(v.v) = length(:vector)
ORDER BY distance, hit.id DESC LIMIT :limit
"""
NEAREST_OF = """
SELECT v.memory_id, vec_distance_l2(vec_int8(v.v), vec_int8(:vector)) AS distance
FROM carray(:ids) c CROSS JOIN vectors v ON v.memory_id = c.value WHERE length(v.v) = length(:vector) {filters}
ORDER BY distance, v.memory_id DESC LIMIT :limit
"""
PASSING = "SELECT group_concat(m.id) FROM memories m WHERE 1 {filters}"
CHANGES_KEPT = "SELECT (SELECT min(place) FROM vector_changes), (SELECT max(place) FROM vector_changes)"
CHANGED_SIGNS = """
SELECT c.memory_id, v.project_id, s.b, {values} FROM (SELECT DISTINCT memory_id FROM vector_changes WHERE place > ?) c
LEFT JOIN vectors v ON v.memory_id = c.memory_id
LEFT JOIN vector_signs s ON s.project_id = v.project_id AND s.memory_id = v.memory_id
"""
SIGNS_AFTER = """
SELECT memory_id, project_id, b, {values} FROM vector_signs
WHERE (project_id, memory_id) > (?, ?) ORDER BY project_id, memory_id LIMIT ?
"""
VALUES_OF_SIGNS = "(SELECT v.v FROM vectors v WHERE v.memory_id = vector_signs.memory_id)"

# -------------------------------------------------------------------------------------------------------- timeline
MOMENT_COLUMNS = """
m.id, m.kind, m.type, m.title, p.name, coalesce(s.host_id, ''), m.created_ms, m.read_tokens,
coalesce((SELECT path FROM memory_files f WHERE f.memory_id = m.id ORDER BY role, position LIMIT 1), '')
"""
_MOMENTS = f"""
SELECT {MOMENT_COLUMNS} FROM memories m JOIN projects p ON p.id = m.project_id LEFT JOIN sessions s ON s.id = m.session_id
WHERE {{project}}
"""
MOMENTS_BEFORE = f"""{_MOMENTS}
  (m.created_ms, m.id) < (:at, :id) ORDER BY m.created_ms DESC, m.id DESC LIMIT :limit"""
MOMENTS_AFTER = f"""{_MOMENTS}
  (m.created_ms, m.id) >= (:at, :id) ORDER BY m.created_ms, m.id LIMIT :limit"""
MOMENTS_OF = "m.project_id = :project AND"
_PROMPT_MOMENTS = """
SELECT q.id, 'prompt', '', substr(q.text, 1, 1000), p.name, s.host_id, q.created_ms, (length(q.text) + 3) / 4, ''
FROM prompts q JOIN sessions s ON s.id = q.session_id JOIN projects p ON p.id = s.project_id
WHERE q.origin = 'user' AND {project}
"""
PROMPTS_BEFORE = f"""{_PROMPT_MOMENTS}
  q.created_ms < :at ORDER BY q.created_ms DESC, q.id DESC LIMIT :limit"""
PROMPTS_AFTER = f"""{_PROMPT_MOMENTS}
  q.created_ms >= :at ORDER BY q.created_ms, q.id LIMIT :limit"""
PROMPTS_OF = "s.project_id = :project AND"

# --------------------------------------------------------------------------------------------------------- context
CONTEXT_PROJECT = """
SELECT id, name, root FROM projects WHERE key = ?1 OR id = (SELECT project_id FROM project_aliases WHERE key = ?1)
ORDER BY key = ?1 DESC LIMIT 1
"""
CONTEXT_SESSION = """
SELECT id, coalesce(CASE WHEN context_ms < ? THEN context_ms ELSE context_before_ms END, 0) FROM sessions WHERE host_id = ?
"""
FIRST_FILE = "coalesce((SELECT path FROM memory_files f WHERE f.memory_id = m.id ORDER BY role, position LIMIT 1), '')"
_CONTEXT = f"""
SELECT m.id, m.kind, m.type, substr(m.title, 1, 600), substr(m.narrative, 1, 2000), substr(m.facts, 1, 2000),
  substr(m.completed, 1, 600), m.branch, m.created_ms, m.read_tokens, m.work_tokens, {FIRST_FILE}
FROM memories m"""
CONTEXT_ROWS = f"""{_CONTEXT} WHERE m.project_id = ? AND m.kind = ? AND m.created_ms > ? AND m.session_id IS NOT ?
  AND m.pinned = 0 AND NOT EXISTS (SELECT 1 FROM memory_links l WHERE l.other_id = m.id AND l.kind = 'supersedes')
ORDER BY m.created_ms DESC, m.id DESC LIMIT ?"""
# What a person pinned is told whatever its kind and age.
CONTEXT_PINNED = f"""{_CONTEXT} INDEXED BY memories_pinned
WHERE m.project_id = ? AND m.pinned = 1 AND m.created_ms > ? AND m.session_id IS NOT ?
ORDER BY m.created_ms DESC, m.id DESC LIMIT ?"""
CONTEXT_CANDIDATES = """
SELECT m.id, m.branch, {file} FROM memories m
WHERE m.project_id = ? AND m.kind = 'observation' AND m.created_ms > ? AND m.session_id IS NOT ? AND m.pinned = 0
  AND NOT EXISTS (SELECT 1 FROM memory_links l WHERE l.other_id = m.id AND l.kind = 'supersedes') {filters}
ORDER BY m.created_ms DESC, m.id DESC LIMIT ?
"""
CONTEXT_TYPES = " AND m.type IN ({})"
CONTEXT_CONCEPTS = " AND EXISTS (SELECT 1 FROM memory_concepts c WHERE c.memory_id = m.id AND c.concept IN ({}))"
CONTEXT_CHOSEN = f"{_CONTEXT} WHERE m.id IN ({{}})"
CONTEXT_SUMMARY = """
SELECT substr(investigated, 1, 3000), substr(learned, 1, 3000), substr(completed, 1, 3000), substr(next_steps, 1, 3000),
  substr(notes, 1, 3000) FROM memories WHERE id = ?
"""
CONTEXT_TOTAL = "SELECT count(*) FROM memories WHERE project_id = ?"
CONTEXT_LAST_MESSAGE = """
SELECT e.payload FROM events e JOIN sessions s ON s.id = e.session_id
WHERE s.project_id = ? AND e.kind = 'stop' AND e.payload <> '' AND s.id IS NOT ? ORDER BY e.occurred_ms DESC LIMIT 1
"""
# Everything of a session's story is oldest first: what does not fit is left out from the front.
STORY_PROMPTS = """
SELECT number, substr(text, 1, 1000) FROM prompts WHERE session_id = ? AND origin = 'user' ORDER BY number
"""
STORY_MEMORIES = """
SELECT id, kind, type, substr(title, 1, 600), substr(completed, 1, 2000), substr(next_steps, 1, 5000) FROM memories
WHERE session_id = ? ORDER BY created_ms, id
"""
STORY_FILES = """
SELECT f.path, count(*) FROM memory_files f JOIN memories m ON m.id = f.memory_id
WHERE m.session_id = ? AND f.role = 'modified' GROUP BY f.path ORDER BY max(m.created_ms), f.path
"""
STORY_WAITING = "SELECT count(*) FROM events WHERE session_id = ? AND state IN ('pending', 'claimed')"

# --------------------------------------------------------------------------------------------------- folder context
FOLDERS_OF_PROJECT = """
SELECT DISTINCT rtrim(f.path, replace(f.path, '/', '')) AS folder FROM memory_files f JOIN memories m ON m.id = f.memory_id
WHERE m.project_id = ? AND m.kind <> 'summary' ORDER BY folder
"""
FOLDER_MEMORIES = f"""
SELECT m.id, m.kind, m.type, substr(m.title, 1, 300), m.created_ms, {FIRST_FILE} FROM memories m
WHERE m.project_id = :project AND m.kind <> 'summary'
  AND NOT EXISTS (SELECT 1 FROM memory_links l WHERE l.other_id = m.id AND l.kind = 'supersedes') {{within}}
ORDER BY m.created_ms DESC, m.id DESC LIMIT :limit
"""
IN_FOLDER = """
AND EXISTS (SELECT 1 FROM memory_files f WHERE f.memory_id = m.id
  AND rtrim(f.path, replace(f.path, '/', '')) IN (:folder, :absolute))
"""

# ------------------------------------------------------------------------------------------------- feed and browsing
# Both arms are read along their index of time and merged; a place is (created_ms, 1 for a memory or 0 for a prompt, id).
FEED = "SELECT * FROM ({arms}) ORDER BY 1 {way}, 2 {way}, 3 {way} LIMIT :limit OFFSET :skip"
FEED_MEMORIES = """
SELECT m.created_ms, 1, m.id FROM memories m
WHERE m.created_ms {than}= :at AND (m.created_ms, 1, m.id) {than} (:at, :rank, :id) {filters}
"""
FEED_PROMPTS = """
SELECT q.created_ms, 0, q.id FROM prompts q
WHERE q.origin = 'user' AND q.created_ms {than}= :at AND (q.created_ms, 0, q.id) {than} (:at, :rank, :id) {filters}
"""
FEED_SESSION_MEMORIES = " AND m.session_id = :session"
FEED_SESSION_PROMPTS = " AND q.session_id = :session"
FEED_PROJECT_PROMPTS = " AND (SELECT project_id FROM sessions s WHERE s.id = q.session_id) = :project"
FEED_PROMPTS_SINCE = " AND q.created_ms >= :since"
FEED_PROMPTS_UNTIL = " AND q.created_ms < :until"
FEED_PROMPT_COUNT = "SELECT count(*) FROM prompts q WHERE q.origin = 'user' {filters}"
_SUPERSEDED = "EXISTS (SELECT 1 FROM memory_links l WHERE l.other_id = m.id AND l.kind = 'supersedes')"
FEED_OF_MEMORIES = f"""
SELECT m.id, m.kind, m.type, m.title, p.name, coalesce(s.host_id, ''), m.created_ms, m.read_tokens, m.pinned, {_SUPERSEDED}
FROM memories m JOIN projects p ON p.id = m.project_id LEFT JOIN sessions s ON s.id = m.session_id
WHERE m.id IN carray(?)
"""
FEED_OF_PROMPTS = """
SELECT q.id, 'prompt', '', substr(q.text, 1, 400), p.name, s.host_id, q.created_ms, (length(q.text) + 3) / 4, 0, 0
FROM prompts q JOIN sessions s ON s.id = q.session_id JOIN projects p ON p.id = s.project_id WHERE q.id IN carray(?)
"""
PROMPT = """
SELECT q.text, p.name, s.host_id, q.number, q.created_ms
FROM prompts q JOIN sessions s ON s.id = q.session_id JOIN projects p ON p.id = s.project_id WHERE q.id = ?
"""
PROVENANCE = "SELECT m.pinned, p.root FROM memories m JOIN projects p ON p.id = m.project_id WHERE m.id = ?"
EVIDENCE = """
SELECT e.kind, e.tool FROM events e JOIN memories m ON m.batch = e.batch WHERE m.id = ? ORDER BY e.occurred_ms LIMIT 50
"""
SUPERSEDING = """
SELECT memory_id, 1 FROM memory_links WHERE other_id = :id AND kind = 'supersedes'
UNION ALL SELECT other_id, 0 FROM memory_links WHERE memory_id = :id AND kind = 'supersedes'
"""
KNOWN_TYPES = "SELECT type FROM memories WHERE type <> '' GROUP BY type ORDER BY count(*) DESC, type"
KNOWN_CONCEPTS = "SELECT concept FROM memory_concepts GROUP BY concept ORDER BY count(*) DESC, concept LIMIT 100"
GROWTH = """
SELECT date(created_ms / 1000, 'unixepoch', 'localtime'), count(*) FROM memories WHERE created_ms >= ? GROUP BY 1
"""
SESSION_TOKENS = f"SELECT session_id, sum({_ALL_TOKENS}) FROM usage WHERE session_id IN carray(?) GROUP BY session_id"

# --------------------------------------------------------------------------------------------------------- curating
_ALL_COLUMNS = """id, uid, kind, type, project_id, session_id, prompt_number, batch, title, subtitle, narrative, facts,
  investigated, learned, completed, next_steps, notes, verbatim, terms, branch, provider, model, work_tokens, read_tokens,
  created_ms, changed_ms, pinned, content_key, repeats, repeated_ms"""
EDIT_MEMORY = """
UPDATE memories SET type = :type, title = :title, subtitle = :subtitle, narrative = :narrative, facts = :facts,
  investigated = :investigated, learned = :learned, completed = :completed, next_steps = :next_steps, notes = :notes,
  verbatim = :verbatim, terms = :terms, read_tokens = :read_tokens, content_key = :content_key,
  changed_ms = :changed_ms WHERE id = :id
"""
CLEAR_FILES = "DELETE FROM memory_files WHERE memory_id = ?"
CLEAR_CONCEPTS = "DELETE FROM memory_concepts WHERE memory_id = ?"
PIN = "UPDATE memories SET pinned = :on, changed_ms = :at WHERE id = :id RETURNING id"
SUPERSEDED_BY_IT = """
WITH RECURSIVE later(id) AS (SELECT :by UNION
  SELECT l.memory_id FROM memory_links l JOIN later ON l.other_id = later.id WHERE l.kind = 'supersedes')
SELECT 1 FROM later WHERE id = :memory
"""
UNLINK = "DELETE FROM memory_links WHERE other_id = ? AND kind = 'supersedes' RETURNING memory_id"
ADD_UNDO = "INSERT INTO undo(created_ms, what, verb, payload) VALUES (?, ?, ?, ?) RETURNING id"
LAST_UNDO = (
    "SELECT id, what, verb, payload FROM undo WHERE created_ms >= ? AND verb <> 'purge' ORDER BY id DESC LIMIT 1"
)
TAKE_UNDO = "DELETE FROM undo WHERE id = ?"
UNDO_KEPT = "SELECT EXISTS (SELECT 1 FROM undo)"
LAPSED = "SELECT EXISTS (SELECT 1 FROM undo WHERE created_ms < ? OR verb = 'purge')"
LAPSE_ROWS = "DELETE FROM undo_rows WHERE undo_id IN (SELECT id FROM undo WHERE created_ms < ?)"
LAPSE_UNDO = """
UPDATE undo SET verb = 'purge', what = '', payload = CASE WHEN verb = 'put_back' THEN payload ELSE '{}' END
WHERE created_ms < ? AND verb <> 'purge'
"""
# What is left of a forgetting that is not all done, beside what undoes it.
UNDO_LEFT = "SELECT id FROM undo WHERE payload ->> 'left' IS NOT NULL ORDER BY id"
UNDO_PAYLOAD = "SELECT payload, created_ms FROM undo WHERE id = ?"
SET_LEFT = "UPDATE undo SET payload = json_set(payload, '$.left', json(:left)) WHERE id = :undo"
NONE_LEFT = "UPDATE undo SET payload = json_remove(payload, '$.left') WHERE id = :undo AND :left IS NOT NULL"
UNITS_OF_SESSION = """
SELECT (SELECT count(*) FROM prompts WHERE session_id = ?) + 0.1 * (SELECT count(*) FROM events WHERE session_id = ?)
"""
TO_PURGE = "SELECT id, payload FROM undo WHERE verb = 'purge'"
# Rows as they were, to be put back: by table, its columns; each row is one JSON array.
_KEPT = {
    "projects": "id, key, name, root, created_ms",
    "project_aliases": "key, project_id",
    "sessions": """id, host_id, project_id, title, status, source, cwd, branch, started_ms, last_ms, ended_ms, context_ms,
      context_before_ms""",
    "prompts": "id, session_id, number, host_prompt_id, origin, text, terms, created_ms",
    "events": """id, uid, key, session_id, prompt_number, kind, tool, payload, occurred_ms, state, taken_ms, batch,
      lease_until_ms, claims, attempts, failures, not_before_ms, error, finished_ms""",
    "memories": _ALL_COLUMNS,
    "memory_files": "memory_id, role, path, position",
    "memory_concepts": "memory_id, concept",
    "memory_repeats": "memory_id, batch, session_id, prompt_number",
    "memory_links": "memory_id, other_id, kind, created_ms",
    "usage": "id, session_id",
    "tombstones": "kind, key, at_ms",
}
KEEP = {
    table: f"INSERT INTO undo_rows(undo_id, place, kept) SELECT :undo, '{table}', json_array({columns}) FROM {table} WHERE "
    for table, columns in _KEPT.items()
}
KEEP_BY = "{} IN carray(:ids)"
KEEP_TOMBSTONE = "kind = :kind AND key = :key"
KEEP_SET = "INSERT INTO undo_rows(undo_id, place, kept) VALUES (:undo, 'set', json_array(:kind, :key))"
_OF_UNDO = "FROM undo_rows WHERE undo_id = :undo AND place = "
_ANEW = {
    "sessions": "(id) DO UPDATE SET title = excluded.title",
    "prompts": "(id) DO UPDATE SET text = excluded.text, terms = excluded.terms, origin = excluded.origin",
    "events": """(id) DO UPDATE SET payload = excluded.payload, state = excluded.state, batch = excluded.batch,
      lease_until_ms = excluded.lease_until_ms, error = excluded.error, finished_ms = excluded.finished_ms""",
}
PUT_BACK = {
    table: f"""INSERT INTO {table}({columns}) SELECT {", ".join(f"kept ->> {at}" for at in range(columns.count(",") + 1))}
    {_OF_UNDO}'{table}' ORDER BY id DESC ON CONFLICT {_ANEW.get(table, "DO NOTHING")}"""
    for table, columns in _KEPT.items()
    if table not in ("projects", "usage", "memory_links")
}
KEPT_PROJECTS = f"SELECT kept ->> 0, kept ->> 1, kept ->> 2, kept ->> 3, kept ->> 4 {_OF_UNDO}'projects'"
PUT_BACK_LINKS = f"""
INSERT OR IGNORE INTO memory_links(memory_id, other_id, kind, created_ms)
SELECT kept ->> 0, kept ->> 1, kept ->> 2, kept ->> 3 {_OF_UNDO}'memory_links'
  AND EXISTS (SELECT 1 FROM memories WHERE id = kept ->> 0) AND EXISTS (SELECT 1 FROM memories WHERE id = kept ->> 1)
"""
PUT_BACK_USAGE = f"""
UPDATE usage SET session_id = k.session FROM (SELECT kept ->> 0 AS id, kept ->> 1 AS session {_OF_UNDO}'usage') k
WHERE usage.id = k.id
"""
DROP_KEPT = f"DELETE FROM memories WHERE id IN (SELECT kept ->> 0 {_OF_UNDO}'memories')"
DROP_SET = f"DELETE FROM tombstones WHERE (kind, key) IN (SELECT kept ->> 0, kept ->> 1 {_OF_UNDO}'set')"
PROJECT_WITH_KEY = "SELECT id FROM projects WHERE key = ?"
SET_ASIDE_PROJECT = "UPDATE projects SET key = key || char(31), name = name || char(31) WHERE id = ?"

# ------------------------------------------------------------------------------------------------------- forgetting
CHOSEN_MEMORIES = """
SELECT m.id, {text}, m.project_id FROM memories m JOIN projects p ON p.id = m.project_id WHERE 1 {filters} ORDER BY m.id
"""
_TEXTS = "title subtitle narrative facts investigated learned completed next_steps notes verbatim"
ALL_TEXT = " || char(10) || ".join(f"m.{name}" for name in _TEXTS.split())
CHOSEN_MATCH = " AND m.id IN (SELECT rowid FROM memories_fts WHERE memories_fts MATCH :match)"
CHOSEN_SESSION_MEMORIES = " AND m.session_id = :session"
CHOSEN_FILES = " AND EXISTS (SELECT 1 FROM memory_files f WHERE f.memory_id = m.id AND ({paths}))"
CHOSEN_FILE = """(f.path = :path{0} OR p.root || '/' || f.path = :path{0} OR f.path LIKE :end{0} ESCAPE '\\')"""
CHOSEN_FOLDER = """
(substr(f.path, 1, length(:path{0})) = :path{0} OR substr(p.root || '/' || f.path, 1, length(:path{0})) = :path{0}
  OR f.path LIKE :end{0} ESCAPE '\\')
"""
CHOSEN_PROMPTS = """
SELECT q.id, {text}, s.project_id FROM prompts q JOIN sessions s ON s.id = q.session_id WHERE q.text <> '' {filters} ORDER BY q.id
"""
CHOSEN_EVENTS = """
SELECT e.id, {text}, s.project_id FROM events e JOIN sessions s ON s.id = e.session_id WHERE e.payload <> '' {filters}
"""
CHOSEN_PROMPT_IDS = " AND q.id IN carray(:ids)"
ID_OF_MEMORY = "SELECT id FROM memories WHERE uid = ?"
ID_OF_PROMPT = """
SELECT -q.id FROM prompts q JOIN sessions s ON s.id = q.session_id WHERE s.host_id = ? AND q.number = ?
"""
CHOSEN_TITLES = "SELECT s.id, s.title, s.project_id FROM sessions s WHERE s.title <> '' {filters}"
CHOSEN_SESSIONS = "SELECT s.id FROM sessions s WHERE 1 {filters}"
# Of a span of time: what lies in it as a whole and does not go on any more.
SESSION_WITHIN = """ AND s.started_ms >= :since AND s.last_ms < :until
  AND (s.status = 'completed' OR s.last_ms < :quiet)"""
CHOSEN_PROJECT = " AND s.project_id = :project"
CHOSEN_SESSION = " AND s.id = :session"
SPAN = " AND {column} >= :since AND {column} < :until"
MEMORIES_OF_SESSIONS = "SELECT id FROM memories WHERE session_id IN carray(?)"
ROWS_OF_SESSIONS = "SELECT id FROM {table} WHERE session_id IN carray(?)"
EVIDENCE_OF = """
SELECT e.id FROM memories m JOIN events e ON e.session_id = m.session_id AND e.prompt_number = m.prompt_number
WHERE m.id IN carray(:ids) AND e.batch = m.batch AND e.payload <> ''
UNION SELECT e.id FROM memory_repeats r JOIN events e ON e.session_id = r.session_id AND e.prompt_number = r.prompt_number
WHERE r.memory_id IN carray(:more) AND e.batch = r.batch AND e.payload <> ''
"""
PROMPT_EVENTS = """
SELECT e.id FROM prompts q JOIN events e ON e.session_id = q.session_id AND e.prompt_number = q.number AND e.kind = 'prompt'
WHERE q.id IN carray(?) AND e.payload <> ''
"""
EVENT_KEYS = """
SELECT key FROM events WHERE id IN carray(:events)
UNION SELECT e.key FROM memories m CROSS JOIN events e ON e.session_id = m.session_id AND e.prompt_number = m.prompt_number
  AND e.batch = m.batch WHERE m.id IN carray(:memories)
UNION SELECT e.key FROM memory_repeats r CROSS JOIN events e ON e.session_id = r.session_id AND e.prompt_number = r.prompt_number
  AND e.batch = r.batch WHERE r.memory_id IN carray(:more)
"""
EVENT_BY_KEY = "SELECT id FROM events WHERE key = ? AND payload <> ''"
UIDS = "SELECT uid FROM memories WHERE id IN carray(?)"
HOST_IDS = "SELECT host_id FROM sessions WHERE id IN carray(?) ORDER BY last_ms DESC"
PROMPT_NUMBERS = """
SELECT s.host_id, q.number FROM prompts q JOIN sessions s ON s.id = q.session_id WHERE q.id IN carray(?)
"""
PROJECT_KEYS = "SELECT key FROM projects WHERE id = :id UNION SELECT key FROM project_aliases WHERE project_id = :id"
PROJECT_ROOTS = "SELECT id, root FROM projects WHERE root <> ''"
PROJECT_NAME = "SELECT name, root FROM projects WHERE id = ?"
OLDEST_OF = """
SELECT min(at) FROM (SELECT min(created_ms) AS at FROM memories WHERE id IN carray(:memories)
UNION ALL SELECT min(created_ms) FROM prompts WHERE id IN carray(:prompts)
UNION ALL SELECT min(occurred_ms) FROM events WHERE id IN carray(:events)
UNION ALL SELECT min(started_ms) FROM sessions WHERE id IN carray(:sessions))
"""
TITLES_OF = (
    "SELECT q.session_id, q.text, s.title FROM prompts q JOIN sessions s ON s.id = q.session_id WHERE q.id IN carray(?)"
)
BLANK_EVENTS = """
UPDATE events SET payload = '', error = '', lease_until_ms = 0, batch = CASE WHEN state = 'finished' THEN batch END,
  finished_ms = coalesce(finished_ms, :now), state = 'finished' WHERE id IN carray(:ids)
"""
BLANK_PROMPTS = "UPDATE prompts SET text = '', terms = '', origin = 'host' WHERE id IN carray(?)"
FIRST_REQUEST = "SELECT text FROM prompts WHERE session_id = ? AND origin = 'user' ORDER BY number LIMIT 1"
RETITLE = "UPDATE sessions SET title = ? WHERE id = ?"
DROP_SESSIONS = "DELETE FROM sessions WHERE id IN carray(?)"
WORDS_BOOK = """
CREATE VIRTUAL TABLE book USING fts5(text, terms, content='', tokenize='porter unicode61 remove_diacritics 2')
"""
ADD_TO_BOOK = "INSERT INTO book(rowid, text, terms) VALUES (?, ?, ?)"
BOOK_WORDS = "CREATE VIRTUAL TABLE book_words USING fts5vocab(book, 'row')"
STEMS = "SELECT term FROM book_words"
IN_BOOK = "SELECT rowid FROM book WHERE book MATCH ?"
RENAME_PROJECT = "UPDATE projects SET name = ? WHERE id = ?"
WHOLE_PROJECT = "SELECT id, key, name, root, created_ms FROM projects WHERE id = ?"
PUT_BACK_PROJECT = "INSERT INTO projects(id, key, name, root, created_ms) VALUES (?, ?, ?, ?, ?)"
MOVE_SESSIONS = "UPDATE sessions SET project_id = :to WHERE project_id = :of RETURNING id"
MOVE_MEMORIES = "UPDATE memories SET project_id = :to WHERE project_id = :of RETURNING id"
MOVE_ALIASES = "UPDATE project_aliases SET project_id = :to WHERE project_id = :of RETURNING key"
ADD_ALIAS = "INSERT OR REPLACE INTO project_aliases(key, project_id) VALUES (?, ?)"
DROP_ALIAS = "DELETE FROM project_aliases WHERE key = ?"
RETURN_SESSIONS = "UPDATE sessions SET project_id = ? WHERE id IN carray(?)"
RETURN_MEMORIES = "UPDATE memories SET project_id = ? WHERE id IN carray(?)"
RETURN_ALIAS = "UPDATE project_aliases SET project_id = ? WHERE key = ?"
DROP_PROJECT = """
DELETE FROM projects WHERE id = ? AND NOT EXISTS (SELECT 1 FROM sessions WHERE project_id = projects.id)
  AND NOT EXISTS (SELECT 1 FROM memories WHERE project_id = projects.id)
"""

# --------------------------------------------------------------------------------------------------------- salvage
TABLES = "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
COLUMNS = "SELECT name, type, pk FROM pragma_table_xinfo(?)"
WITHOUT_ROWID = "SELECT 1 FROM pragma_table_list WHERE name = ? AND schema = 'main' AND wr = 1"
INDEXES = "SELECT name FROM pragma_index_list(?)"
OBJECTS = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
FULLTEXT_SECURE = "INSERT INTO {table}({table}, rank) VALUES ('secure-delete', 1)"
ROOTS = "SELECT type, name, tbl_name, rootpage FROM sqlite_schema"
FOREIGN_KEYS = "PRAGMA foreign_keys={}"
SALVAGE = "INSERT OR IGNORE INTO {table}({columns}) VALUES ({values})"
DANGLING = "PRAGMA foreign_key_check"
LAST_ID = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?"
DROP_ROW = "DELETE FROM {table} WHERE rowid = ?"
LOST_SESSIONS = """
INSERT OR IGNORE INTO sessions(id, host_id, project_id, status, started_ms, last_ms)
SELECT l.session_id, 'recovered-' || l.session_id, coalesce(max(l.project_id),
 0), 'completed', min(l.at), max(l.at)
FROM (SELECT session_id, NULL AS project_id, occurred_ms AS at FROM events
  UNION ALL SELECT session_id, NULL, created_ms FROM prompts
  UNION ALL SELECT session_id, project_id, created_ms FROM memories WHERE session_id IS NOT NULL) l
WHERE l.session_id NOT IN (SELECT id FROM sessions) GROUP BY l.session_id
"""
LOST_PROJECTS = """
INSERT OR IGNORE INTO projects(id, key, name, root, created_ms)
SELECT l.project_id, 'recovered:' || l.project_id, 'recovered-' || l.project_id, '', min(l.at)
FROM (SELECT project_id, started_ms AS at FROM sessions UNION ALL SELECT project_id, created_ms FROM memories) l
WHERE l.project_id NOT IN (SELECT id FROM projects) GROUP BY l.project_id
"""
LONE_FILES = "DELETE FROM memory_files WHERE memory_id NOT IN (SELECT id FROM memories)"
LONE_CONCEPTS = "DELETE FROM memory_concepts WHERE memory_id NOT IN (SELECT id FROM memories)"
LONE_LINKS = """
DELETE FROM memory_links WHERE memory_id NOT IN (SELECT id FROM memories) OR other_id NOT IN (SELECT id FROM memories)
"""
LONE_REPEATS = "DELETE FROM memory_repeats WHERE memory_id NOT IN (SELECT id FROM memories)"
LONE_ALIASES = "DELETE FROM project_aliases WHERE project_id NOT IN (SELECT id FROM projects)"
MAPPED_BYTES = 1 << 30  # as the connections above
MAP = "PRAGMA mmap_size={}"
QUICK_CHECK = "PRAGMA quick_check(5)"
FULL_CHECK = "PRAGMA integrity_check(5)"
FULLTEXT_CHECK = "INSERT INTO {table}({table}, rank) VALUES ('integrity-check', 1)"
FULLTEXT_QUICK_CHECK = "PRAGMA quick_check({table})"
FULLTEXT_REBUILD = "INSERT INTO {table}({table}) VALUES ('rebuild')"
FULLTEXT_COUNTS = """
SELECT (SELECT count(*) FROM memories), (SELECT count(*) FROM memories_fts_docsize),
  (SELECT count(*) FROM prompts), (SELECT count(*) FROM prompts_fts_docsize)
"""
STRAY_VECTORS = f"""
SELECT (SELECT count(*) FROM vectors v WHERE v.memory_id NOT IN (SELECT id FROM memories) OR NOT EXISTS (
    SELECT 1 FROM vector_signs s WHERE s.project_id = v.project_id AND s.memory_id = v.memory_id) OR {_MISFITS})
  + (SELECT count(*) FROM vector_signs WHERE memory_id NOT IN (SELECT memory_id FROM vectors))
"""
LAST_EVENT = "SELECT coalesce(max(occurred_ms), 0) FROM (SELECT occurred_ms FROM events ORDER BY id DESC LIMIT 1000)"

# -------------------------------------------------------------------------------------------------------- transfer
ORIGINAL_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '*_fts*'"
)
ENCODING = "PRAGMA encoding"
ORIGINAL_COUNT = "SELECT count(*) FROM {}"
ORIGINAL_COLUMNS = "SELECT name FROM pragma_table_info(?)"
ORIGINAL_VALUE = "CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) ELSE {0} END"
ORIGINAL_ROWS = "SELECT {} FROM {} ORDER BY {}, rowid"
ADOPT_PROJECT = "UPDATE projects SET key = ?, root = ? WHERE id = ? AND root = ''"
DEAD_PROJECTS = "SELECT key, at_ms FROM tombstones WHERE kind = 'project'"
DEAD = "SELECT at_ms FROM tombstones WHERE kind = ? AND key = ?"
BURY = """
INSERT INTO tombstones(kind, key, at_ms) VALUES (:kind, :key, :at)
ON CONFLICT(kind, key) DO UPDATE SET at_ms = :at WHERE at_ms < :at RETURNING kind
"""
# A few at a time, so that no transaction is long.
FORGET_OF_SESSION = """
DELETE FROM memories WHERE id IN (
  SELECT id FROM memories WHERE session_id = (SELECT id FROM sessions WHERE host_id = ?) LIMIT 20) RETURNING id
"""
FORGET_SESSION = "DELETE FROM sessions WHERE host_id = ? RETURNING id"
FORGET_OF_PROJECT = """
DELETE FROM memories WHERE id IN (SELECT id FROM memories WHERE project_id = ? AND created_ms < ? LIMIT 20) RETURNING id
"""
FORGET_PROMPTS = """
DELETE FROM prompts WHERE id IN (SELECT q.id FROM prompts q JOIN sessions s ON s.id = q.session_id
  WHERE s.project_id = ? AND q.created_ms < ? LIMIT 20) RETURNING id
"""
FORGET_SESSIONS = """
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE project_id = ? AND last_ms < ?
  AND id NOT IN (SELECT session_id FROM memories WHERE session_id IS NOT NULL) LIMIT 5) RETURNING id
"""
DROP_EMPTY_PROJECTS = """
DELETE FROM projects WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE project_id = projects.id)
  AND NOT EXISTS (SELECT 1 FROM memories WHERE project_id = projects.id)
"""
TOLD_PROJECT = "UPDATE projects SET name = ?, root = ?, created_ms = ? WHERE id = ?"
WHOLE_SESSION = """
SELECT s.id, p.key, s.title, s.status, s.source, s.cwd, s.branch, s.started_ms, s.last_ms, s.ended_ms
FROM sessions s JOIN projects p ON p.id = s.project_id WHERE s.host_id = ?
"""
PUT_SESSION = """
INSERT INTO sessions(host_id, project_id, title, status, source, cwd, branch, started_ms, last_ms, ended_ms)
VALUES (:id, :project_id, :title, :status, :source, :cwd, :branch, :started_ms, :last_ms, :ended_ms)
ON CONFLICT(host_id) DO UPDATE SET project_id = :project_id, title = :title, status = :status, source = :source, cwd = :cwd,
  branch = :branch, started_ms = :started_ms, last_ms = :last_ms, ended_ms = :ended_ms
"""
TAKEN_OVER_UNTIL = """
SELECT coalesce(max(created_ms), 0) FROM memories
WHERE session_id = (SELECT id FROM sessions WHERE host_id = ?) AND provider = 'original'
"""
EXTEND_SESSION = """
UPDATE sessions SET last_ms = :at, ended_ms = CASE WHEN ended_ms < :at THEN :at ELSE ended_ms END
WHERE id = :id AND last_ms < :at
"""
WHOLE_PROMPT = """
SELECT id, host_prompt_id, origin, text, created_ms FROM prompts WHERE session_id = ? AND number = ?
"""
PUT_PROMPT = """
INSERT INTO prompts(session_id, number, host_prompt_id, origin, text, terms, created_ms)
VALUES (:session_id, :number, :prompt_id, :origin, :text, :terms, :created_ms)
ON CONFLICT(session_id, number) DO UPDATE SET host_prompt_id = :prompt_id, origin = :origin, text = :text, terms = :terms,
  created_ms = :created_ms
"""
SAME_PROMPT = """
SELECT 1 FROM prompts WHERE session_id = :session_id AND text = :text
  AND (number = :number OR abs(created_ms - :created_ms) <= 60000) LIMIT 1
"""
_BUNDLED = """
m.uid, m.kind, m.type, p.key, coalesce(s.host_id, ''), m.prompt_number, m.title, m.subtitle, m.narrative, m.facts,
m.investigated, m.learned, m.completed, m.next_steps, m.notes, m.verbatim, m.branch, m.provider, m.model, m.work_tokens,
m.pinned, m.created_ms, m.changed_ms, m.repeats, coalesce(m.repeated_ms, 0),
(SELECT json_group_array(json_array(role, path)) FROM (
  SELECT role, path FROM memory_files f WHERE f.memory_id = m.id ORDER BY role, position)),
(SELECT json_group_array(concept) FROM (SELECT concept FROM memory_concepts c WHERE c.memory_id = m.id ORDER BY concept))
"""
_OF_MEMORIES = "FROM memories m JOIN projects p ON p.id = m.project_id LEFT JOIN sessions s ON s.id = m.session_id"
BUNDLED_MEMORY = f"SELECT m.id, {_BUNDLED} {_OF_MEMORIES} WHERE m.uid = ?"
PUT_MEMORY = """
INSERT INTO memories(uid, kind, type, project_id, session_id, prompt_number, title, subtitle, narrative, facts, investigated,
  learned, completed, next_steps, notes, verbatim, terms, branch, provider, model, work_tokens, read_tokens, created_ms,
  changed_ms, pinned, content_key, repeats, repeated_ms)
VALUES (:uid, :kind, :type, :project_id, :session_id, :prompt_number, :title, :subtitle, :narrative, :facts, :investigated,
  :learned, :completed, :next_steps, :notes, :verbatim, :terms, :branch, :provider, :model, :work_tokens, :read_tokens,
  :created_ms, :changed_ms, :pinned, :content_key, :repeats, :repeated_ms)
ON CONFLICT(uid) DO UPDATE SET kind = :kind, type = :type, project_id = :project_id, session_id = :session_id,
  prompt_number = :prompt_number, title = :title, subtitle = :subtitle, narrative = :narrative, facts = :facts,
  investigated = :investigated, learned = :learned, completed = :completed, next_steps = :next_steps, notes = :notes,
  verbatim = :verbatim, terms = :terms, branch = :branch, provider = :provider, model = :model, work_tokens = :work_tokens,
  read_tokens = :read_tokens, created_ms = :created_ms, changed_ms = :changed_ms, pinned = :pinned,
  content_key = :content_key, repeats = :repeats, repeated_ms = :repeated_ms
RETURNING id
"""
COUNT_REPEATS = """
UPDATE memories SET repeats = max(repeats, :repeats), repeated_ms = max(coalesce(repeated_ms, 0), :at)
WHERE uid = :uid AND (repeats < :repeats OR coalesce(repeated_ms, 0) < :at) RETURNING id
"""
KNOWN_UIDS = "SELECT uid FROM memories WHERE uid IN carray(?)"
SAYS_THE_SAME = "SELECT 1 FROM memories WHERE content_key = ? AND project_id = ? LIMIT 1"
PUT_LINK = """
INSERT INTO memory_links(memory_id, other_id, kind, created_ms)
SELECT a.id, b.id, :kind, :created_ms FROM memories a JOIN memories b ON b.uid = :to WHERE a.uid = :from
ON CONFLICT(memory_id, kind, other_id) DO UPDATE SET created_ms = :created_ms WHERE created_ms > :created_ms
RETURNING memory_id
"""
KNOWN_LINK = """
SELECT 1 FROM memory_links l JOIN memories a ON a.id = l.memory_id JOIN memories b ON b.id = l.other_id
WHERE a.uid = ? AND b.uid = ? AND l.kind = ?
"""
# What a bundle holds, in an order that does not depend on the machine. The words in braces choose a part.
EXPORT_TOMBSTONES = "SELECT kind, key, at_ms FROM tombstones WHERE {tombstones} ORDER BY kind, key"
EXPORT_PROJECTS = """
SELECT p.key, p.name, p.root, p.created_ms,
  (SELECT json_group_array(key) FROM (SELECT key FROM project_aliases a WHERE a.project_id = p.id ORDER BY key))
FROM projects p WHERE (EXISTS (SELECT 1 FROM sessions s WHERE s.project_id = p.id AND {sessions})
  OR EXISTS (SELECT 1 FROM memories m WHERE m.project_id = p.id AND {memories})) ORDER BY p.key
"""
EXPORT_SESSIONS = """
SELECT s.host_id, p.key, s.title, s.status, s.source, s.cwd, s.branch, s.started_ms, s.last_ms, coalesce(s.ended_ms, 0)
FROM sessions s JOIN projects p ON p.id = s.project_id WHERE {sessions} ORDER BY s.host_id
"""
EXPORT_PROMPTS = """
SELECT s.host_id, q.number, q.host_prompt_id, q.origin, q.text, q.created_ms
FROM prompts q JOIN sessions s ON s.id = q.session_id WHERE q.text <> '' AND {prompts} ORDER BY s.host_id, q.number
"""
EXPORT_MEMORIES = f"SELECT {_BUNDLED} {_OF_MEMORIES} WHERE {{memories}} ORDER BY m.uid"
EXPORT_LINKS = """
SELECT a.uid, b.uid, l.kind, l.created_ms
FROM memory_links l JOIN memories a ON a.id = l.memory_id JOIN memories b ON b.id = l.other_id
WHERE {links} ORDER BY a.uid, l.kind, b.uid
"""
EXPORT_ALL = {"tombstones": "1", "sessions": "1", "prompts": "1", "memories": "1", "links": "1"}
EXPORT_PROJECT = {
    "tombstones": "kind = 'project' AND key = (SELECT key FROM projects WHERE id = :project)",
    "sessions": "(s.project_id = :project OR s.id IN (SELECT session_id FROM memories WHERE project_id = :project))",
    "prompts": "s.project_id = :project",
    "memories": "m.project_id = :project",
    "links": "a.project_id = :project AND b.project_id = :project",
}
EXPORT_CHOSEN = {
    "tombstones": "0",
    "sessions": "s.id IN (SELECT session_id FROM memories WHERE id IN carray(:more))",
    "prompts": "(q.session_id, q.number) IN (SELECT session_id, prompt_number FROM memories WHERE id IN carray(:ids))",
    "memories": "m.id IN carray(:ids)",
    "links": "a.id IN carray(:ids) AND b.id IN carray(:more)",
}
BEGIN_READ = "BEGIN"
END_READ = "COMMIT"
ROW_TABLES = """
SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'
"""
EVERY_ROW = "SELECT * FROM {}"
