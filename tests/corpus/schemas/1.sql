PRAGMA application_id=1129137485;
PRAGMA user_version=1;
PRAGMA page_size=4096;

PRAGMA writable_schema=ON;

BEGIN TRANSACTION;

DROP TABLE IF EXISTS events;
CREATE TABLE events(
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
  session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE, prompt_number INTEGER NOT NULL,
  kind TEXT NOT NULL, tool TEXT NOT NULL DEFAULT '', payload TEXT NOT NULL, occurred_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK(state IN ('pending', 'claimed', 'finished', 'parked')),
  taken_ms INTEGER NOT NULL, batch TEXT, lease_until_ms INTEGER NOT NULL DEFAULT 0, claims INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, not_before_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '', finished_ms INTEGER) STRICT;
INSERT INTO events VALUES(1,'01a201d7-0ee8-70ca-8c0d-7f68e52fd71e','48719ceeb9dd4c7256defb9ee31ed2a0',1,0,'start','','{"cwd": "/home/you/project", "source": "startup"}',1795327201000,'finished',1795327205000,NULL,0,0,0,0,0,'',1795327205000);
INSERT INTO events VALUES(2,'01a201d7-12d0-72cd-8272-85bf6b601ad9','a06e936bf63dbd94d78456ff7b663438',1,1,'prompt','','{"cwd": "/home/you/project", "text": "Fix the parser", "origin": "user"}',1795327202000,'finished',1795327205000,NULL,0,0,0,0,0,'',1795327205000);
INSERT INTO events VALUES(3,'01a201d7-16b8-7e74-8e15-a6bc3b1c784d','c1468481d77a8adfd2df6b28caa0a7aa',1,1,'tool','Edit','{"cwd": "/home/you/project", "tool_use_id": "s1-use-1", "input": {"file_path": "/home/you/project/src/part0.py", "old_string": "a", "new_string": "b0"}, "output": {"filePath": "/home/you/project/src/part0.py"}}',1795327203000,'finished',1795327205000,'01a201d7-1e88-70e5-97e8-c12caf9e6253',0,1,0,0,0,'',1795327205000);
INSERT INTO events VALUES(4,'01a201d7-1aa0-737e-b382-0d1be6ded1ae','37d10aa20261e89aa2ae9aca490ab522',1,1,'stop','','{"cwd": "/home/you/project", "text": "Done."}',1795327204000,'finished',1795327205000,'01a201d7-1e88-70e5-97e8-c12caf9e6253',0,1,0,0,0,'',1795327205000);
INSERT INTO events VALUES(5,'01a201d7-1e88-7efa-a921-c24e1ea3ed8c','44d59ee8c9437bbb48be4fe7306944f0',1,1,'end','','{"cwd": "/home/you/project", "source": "exit"}',1795327205000,'finished',1795327205000,NULL,0,0,0,0,0,'',1795327205000);
CREATE INDEX events_by_turn ON events(session_id, prompt_number, kind);
CREATE INDEX events_finished ON events(finished_ms) WHERE state = 'finished' AND payload <> '';
CREATE INDEX events_parked ON events(id) WHERE state = 'parked';
CREATE INDEX events_waiting ON events(session_id, prompt_number, occurred_ms, taken_ms, not_before_ms, lease_until_ms, state,
  failures, claims) WHERE state IN ('pending', 'claimed');

DROP TABLE IF EXISTS masked;
CREATE TABLE masked(kind TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;

DROP TABLE IF EXISTS memories;
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
INSERT INTO memories VALUES(1,'01a201d7-1aa0-7c67-9742-b00277aaf7b1','observation','bugfix',1,1,1,'01a201d7-1e88-70e5-97e8-c12caf9e6253','Change part0.py','1 file, +1/-1','Changed src/part0.py.','src/part0.py: edited (+1/-1)','','','','','','','part 0
src/part0.py
problem-solution
what-changed','','local','digest-1',31,20,1795327204000,0,0,-6787553680718377083,0,NULL);
INSERT INTO memories VALUES(2,'01a201d7-1aa0-73df-a58f-f25f880af180','summary','',1,1,1,'01a201d7-1e88-70e5-97e8-c12caf9e6253','Fix the parser','','','','','','Changed src/part0.py.','','','Done.','part 0','','local','digest-1',31,10,1795327204000,0,0,NULL,0,NULL);
INSERT INTO memories VALUES(3,'01a201d7-1e88-78b4-8a2b-9ca1bc1f5784','note','',1,NULL,0,NULL,'Use tabs','','Use tabs','','','','','','','','
src/a.py
style','','','',0,4,1795327205000,0,0,2440204682485928237,0,NULL);
CREATE TRIGGER memories_ad AFTER DELETE ON memories BEGIN
  INSERT INTO memories_fts(memories_fts,
    rowid, title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms)
  VALUES ('delete', old.id, old.title, old.subtitle, old.narrative, old.facts, old.investigated, old.learned,
    old.completed, old.next_steps, old.notes, old.verbatim, old.terms);
END;
CREATE TRIGGER memories_ai AFTER INSERT ON memories BEGIN
  INSERT INTO memories_fts(
    rowid, title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms)
  VALUES (new.id, new.title, new.subtitle, new.narrative, new.facts, new.investigated, new.learned, new.completed,
    new.next_steps, new.notes, new.verbatim, new.terms);
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
CREATE INDEX memories_by_content ON memories(content_key, project_id) WHERE content_key IS NOT NULL;
CREATE INDEX memories_by_hand ON memories(changed_ms) WHERE changed_ms > 0;
CREATE INDEX memories_by_kind ON memories(project_id, kind, created_ms);
CREATE INDEX memories_by_project ON memories(project_id, created_ms);
CREATE INDEX memories_by_session ON memories(session_id, created_ms);
CREATE INDEX memories_by_time ON memories(created_ms);
CREATE INDEX memories_of_kind ON memories(kind, created_ms);
CREATE INDEX memories_of_type ON memories(type, created_ms);
CREATE INDEX memories_pinned ON memories(project_id, created_ms) WHERE pinned = 1;
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

DELETE FROM sqlite_schema WHERE name='memories_fts' AND type='table';
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table','memories_fts','memories_fts',0,'CREATE VIRTUAL TABLE memories_fts USING fts5(
  title, subtitle, narrative, facts, investigated, learned, completed, next_steps, notes, verbatim, terms,
  content=''memories'', content_rowid=''id'', tokenize=''porter unicode61 remove_diacritics 2'')');

DROP TABLE IF EXISTS memories_fts_config;
CREATE TABLE 'memories_fts_config'(k PRIMARY KEY, v) WITHOUT ROWID;
INSERT INTO memories_fts_config VALUES('secure-delete',1);
INSERT INTO memories_fts_config VALUES('version',4);

DROP TABLE IF EXISTS memories_fts_data;
CREATE TABLE 'memories_fts_data'(id INTEGER PRIMARY KEY, block BLOB);
INSERT INTO memories_fts_data VALUES(1,X'03080406060000040000010F');
INSERT INTO memories_fts_data VALUES(10,X'000000010103030003010101020101030101');
INSERT INTO memories_fts_data VALUES(137438953473,X'0000009C0230300106010A03010131011201010204030103060301056368616E67010E02010202010A0A0104656469740106010305010466696C6501060101030104706172740106010A02050130011403010204010303010A050206726F626C656D0106010A07020179011404010205010304010A060105736F6C75740106010A08020272630112010203010302010A040104776861740106010A0904080E100B0B0B0F0D0F0C0F');
INSERT INTO memories_fts_data VALUES(274877906945,X'000000600230300206010A0301056368616E6702060106020104646F6E650206010902010366697802020201067061727365720202040401740206010A020501300206010604020179020601060501037372630206010603010374686502020304080C0B080B0808080A');
INSERT INTO memories_fts_data VALUES(412316860417,X'0000003F0230610306010A03010270790306010A0401037372630306010A02020474796C650306010A050103746162030803010203010275730308020102020408090A0B0B');

DROP TABLE IF EXISTS memories_fts_docsize;
CREATE TABLE 'memories_fts_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
INSERT INTO memories_fts_docsize VALUES(1,X'0304040600000000000009');
INSERT INTO memories_fts_docsize VALUES(2,X'0300000000000400000102');
INSERT INTO memories_fts_docsize VALUES(3,X'0200020000000000000004');

DROP TABLE IF EXISTS memories_fts_idx;
CREATE TABLE 'memories_fts_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
INSERT INTO memories_fts_idx VALUES(1,X'',2);
INSERT INTO memories_fts_idx VALUES(2,X'',2);
INSERT INTO memories_fts_idx VALUES(3,X'',2);

DROP TABLE IF EXISTS memory_concepts;
CREATE TABLE memory_concepts(
  memory_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE, concept TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY(memory_id, concept)) STRICT, WITHOUT ROWID;
INSERT INTO memory_concepts VALUES(1,'problem-solution');
INSERT INTO memory_concepts VALUES(3,'style');
INSERT INTO memory_concepts VALUES(1,'what-changed');
CREATE INDEX memory_concepts_by_name ON memory_concepts(concept, memory_id);

DROP TABLE IF EXISTS memory_files;
CREATE TABLE memory_files(
  memory_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK(role IN ('modified', 'read')), path TEXT NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY(memory_id, role, path)) STRICT, WITHOUT ROWID;
INSERT INTO memory_files VALUES(1,'modified','src/part0.py',0);
INSERT INTO memory_files VALUES(3,'modified','src/a.py',0);
CREATE INDEX memory_files_by_path ON memory_files(path);

DROP TABLE IF EXISTS memory_links;
CREATE TABLE memory_links(
  memory_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  other_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK(kind IN ('supersedes', 'similar')), created_ms INTEGER NOT NULL,
  PRIMARY KEY(memory_id, kind, other_id)) STRICT, WITHOUT ROWID;
INSERT INTO memory_links VALUES(3,1,'supersedes',1795327205000);
CREATE INDEX memory_links_back ON memory_links(other_id, kind);

DROP TABLE IF EXISTS memory_repeats;
CREATE TABLE memory_repeats(
  memory_id INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE, batch TEXT NOT NULL,
  session_id INTEGER NOT NULL, prompt_number INTEGER NOT NULL, PRIMARY KEY(memory_id, batch)) STRICT, WITHOUT ROWID;

DROP TABLE IF EXISTS migrations;
CREATE TABLE migrations(version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT;
INSERT INTO migrations VALUES(1,'first schema',1795365197162);

DROP TABLE IF EXISTS project_aliases;
CREATE TABLE project_aliases(
  key TEXT PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE) STRICT, WITHOUT ROWID;

DROP TABLE IF EXISTS projects;
CREATE TABLE projects(
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, root TEXT NOT NULL,
  created_ms INTEGER NOT NULL) STRICT;
INSERT INTO projects VALUES(1,'path:/home/you/project','project','/home/you/project',1795327201000);

DROP TABLE IF EXISTS prompts;
CREATE TABLE prompts(
  id INTEGER PRIMARY KEY AUTOINCREMENT, session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  number INTEGER NOT NULL, host_prompt_id TEXT NOT NULL DEFAULT '',
  origin TEXT NOT NULL DEFAULT 'user' CHECK(origin IN ('user', 'host')), text TEXT NOT NULL,
  terms TEXT NOT NULL DEFAULT '', created_ms INTEGER NOT NULL, UNIQUE(session_id, number)) STRICT;
INSERT INTO prompts VALUES(1,1,1,'','user','Fix the parser','',1795327202000);
CREATE TRIGGER prompts_ad AFTER DELETE ON prompts BEGIN
  INSERT INTO prompts_fts(prompts_fts, rowid, text, terms) VALUES ('delete', old.id, old.text, old.terms);
END;
CREATE TRIGGER prompts_ai AFTER INSERT ON prompts BEGIN
  INSERT INTO prompts_fts(rowid, text, terms) VALUES (new.id, new.text, new.terms);
END;
CREATE TRIGGER prompts_au AFTER UPDATE OF text, terms ON prompts BEGIN
  INSERT INTO prompts_fts(prompts_fts, rowid, text, terms) VALUES ('delete', old.id, old.text, old.terms);
  INSERT INTO prompts_fts(rowid, text, terms) VALUES (new.id, new.text, new.terms);
END;
CREATE INDEX prompts_by_host ON prompts(session_id, host_prompt_id);
CREATE INDEX prompts_by_time ON prompts(created_ms);

DELETE FROM sqlite_schema WHERE name='prompts_fts' AND type='table';
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table','prompts_fts','prompts_fts',0,'CREATE VIRTUAL TABLE prompts_fts USING fts5(
  text, terms, content=''prompts'', content_rowid=''id'', tokenize=''porter unicode61 remove_diacritics 2'')');

DROP TABLE IF EXISTS prompts_fts_config;
CREATE TABLE 'prompts_fts_config'(k PRIMARY KEY, v) WITHOUT ROWID;
INSERT INTO prompts_fts_config VALUES('secure-delete',1);
INSERT INTO prompts_fts_config VALUES('version',4);

DROP TABLE IF EXISTS prompts_fts_data;
CREATE TABLE 'prompts_fts_data'(id INTEGER PRIMARY KEY, block BLOB);
INSERT INTO prompts_fts_data VALUES(1,X'010300');
INSERT INTO prompts_fts_data VALUES(10,X'000000010101010001010101');
INSERT INTO prompts_fts_data VALUES(137438953473,X'0000001F04306669780102020106706172736572010204010374686501020304080B');

DROP TABLE IF EXISTS prompts_fts_docsize;
CREATE TABLE 'prompts_fts_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
INSERT INTO prompts_fts_docsize VALUES(1,X'0300');

DROP TABLE IF EXISTS prompts_fts_idx;
CREATE TABLE 'prompts_fts_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
INSERT INTO prompts_fts_idx VALUES(1,X'',2);

DROP TABLE IF EXISTS provider_health;
CREATE TABLE provider_health(
  name TEXT PRIMARY KEY, failures INTEGER NOT NULL DEFAULT 0, failing_since_ms INTEGER NOT NULL DEFAULT 0,
  not_before_ms INTEGER NOT NULL DEFAULT 0, asked_ms INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '')
  STRICT, WITHOUT ROWID;

DROP TABLE IF EXISTS sessions;
CREATE TABLE sessions(
  id INTEGER PRIMARY KEY AUTOINCREMENT, host_id TEXT NOT NULL UNIQUE, project_id INTEGER NOT NULL REFERENCES projects(id),
  title TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT 'active' CHECK(status IN ('active', 'completed')),
  source TEXT NOT NULL DEFAULT '', cwd TEXT NOT NULL DEFAULT '', branch TEXT NOT NULL DEFAULT '',
  started_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, ended_ms INTEGER, context_ms INTEGER,
  context_before_ms INTEGER) STRICT;
INSERT INTO sessions VALUES(1,'s1',1,'Fix the parser','completed','startup','/home/you/project','',1795327201000,1795327205000,1795327205000,1795327201000,NULL);
CREATE INDEX sessions_by_project ON sessions(project_id, last_ms);

DROP TABLE IF EXISTS spaces;
CREATE TABLE spaces(
  id INTEGER PRIMARY KEY CHECK(id = 1), model TEXT NOT NULL, dimension INTEGER NOT NULL, scale REAL NOT NULL) STRICT;

DROP TABLE IF EXISTS tombstones;
CREATE TABLE tombstones(
  kind TEXT NOT NULL CHECK(kind IN ('memory', 'session', 'prompt', 'project', 'span')), key TEXT NOT NULL,
  at_ms INTEGER NOT NULL, PRIMARY KEY(kind, key)) STRICT, WITHOUT ROWID;

DROP TABLE IF EXISTS transcripts;
CREATE TABLE transcripts(
  path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified_ms INTEGER NOT NULL, read_ms INTEGER NOT NULL) STRICT;

DROP TABLE IF EXISTS undo;
CREATE TABLE undo(
  id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, what TEXT NOT NULL, verb TEXT NOT NULL, payload TEXT NOT NULL) STRICT;
INSERT INTO undo VALUES(1,1795327205000,'marking #1 as superseded','put_back','null');

DROP TABLE IF EXISTS undo_rows;
CREATE TABLE undo_rows(
  id INTEGER PRIMARY KEY, undo_id INTEGER NOT NULL REFERENCES undo(id) ON DELETE CASCADE, place TEXT NOT NULL,
  kept TEXT NOT NULL) STRICT;
INSERT INTO undo_rows VALUES(1,1,'memories','[1,"01a201d7-1aa0-7c67-9742-b00277aaf7b1","observation","bugfix",1,1,1,"01a201d7-1e88-70e5-97e8-c12caf9e6253","Change part0.py","1 file, +1/-1","Changed src/part0.py.","src/part0.py: edited (+1/-1)","","","","","","","part 0\nsrc/part0.py\nproblem-solution\nwhat-changed","","local","digest-1",31,20,1795327204000,0,0,-6787553680718377083,0,null]');
INSERT INTO undo_rows VALUES(2,1,'memory_files','[1,"modified","src/part0.py",0]');
INSERT INTO undo_rows VALUES(3,1,'memory_concepts','[1,"problem-solution"]');
INSERT INTO undo_rows VALUES(4,1,'memory_concepts','[1,"what-changed"]');
CREATE INDEX undo_rows_of ON undo_rows(undo_id, place);

DROP TABLE IF EXISTS usage;
CREATE TABLE usage(
  id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
  purpose TEXT NOT NULL, session_id INTEGER REFERENCES sessions(id) ON DELETE SET NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL, characters INTEGER NOT NULL DEFAULT 0, cost_micros INTEGER) STRICT;
CREATE INDEX usage_by_model ON usage(provider, model, id);
CREATE INDEX usage_by_time ON usage(created_ms);

DROP TABLE IF EXISTS vector_changes;
CREATE TABLE vector_changes(place INTEGER PRIMARY KEY, memory_id INTEGER NOT NULL) STRICT;
CREATE TRIGGER vector_changes_ai AFTER INSERT ON vector_changes BEGIN
  DELETE FROM vector_changes WHERE place <= new.place - 5000;
END;

DROP TABLE IF EXISTS vector_signs;
CREATE TABLE vector_signs(
  project_id INTEGER NOT NULL, memory_id INTEGER NOT NULL, b BLOB NOT NULL,
  PRIMARY KEY(project_id, memory_id)) STRICT, WITHOUT ROWID;
CREATE TRIGGER vector_signs_ad AFTER DELETE ON vector_signs BEGIN
  INSERT INTO vector_changes(memory_id) VALUES (old.memory_id);
END;
CREATE TRIGGER vector_signs_ai AFTER INSERT ON vector_signs BEGIN
  INSERT INTO vector_changes(memory_id) VALUES (new.memory_id);
END;
CREATE TRIGGER vector_signs_au AFTER UPDATE ON vector_signs BEGIN
  INSERT INTO vector_changes(memory_id) VALUES (new.memory_id);
END;

DROP TABLE IF EXISTS vectors;
CREATE TABLE vectors(memory_id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, v BLOB NOT NULL) STRICT;
CREATE TRIGGER vectors_ad AFTER DELETE ON vectors BEGIN
  DELETE FROM vector_signs WHERE project_id = old.project_id AND memory_id = old.memory_id;
END;

DELETE FROM main.sqlite_sequence WHERE name='events';
INSERT INTO main.sqlite_sequence VALUES ('events', 5);
DELETE FROM main.sqlite_sequence WHERE name='memories';
INSERT INTO main.sqlite_sequence VALUES ('memories', 3);
DELETE FROM main.sqlite_sequence WHERE name='projects';
INSERT INTO main.sqlite_sequence VALUES ('projects', 1);
DELETE FROM main.sqlite_sequence WHERE name='prompts';
INSERT INTO main.sqlite_sequence VALUES ('prompts', 1);
DELETE FROM main.sqlite_sequence WHERE name='sessions';
INSERT INTO main.sqlite_sequence VALUES ('sessions', 1);

pragma user_version=1;
pragma application_id=1129137485;

COMMIT TRANSACTION;

PRAGMA writable_schema=OFF;

BEGIN;
CREATE TABLE no_such_table(x,y,z);
ROLLBACK;
