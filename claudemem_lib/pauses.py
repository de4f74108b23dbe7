"""Switching capture and context off for a while or until further notice: everywhere, for a project or for one session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib import located, settings, switches
from claudemem_lib.browse import Browse
from claudemem_lib.errors import BadRequest, NotFound, SettingsError
from claudemem_lib.store import sql, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database
    from claudemem_lib.switches import Pause

WHOLE_ID = 32  # a session's id this long is taken at its word: a session may be paused before anything of it is known
_IDENTITY = ("session", "keys", "root", "name")


class Pauses:
    """The pauses of a memory. A pause is what switches.py says; both verbs take what is meant, by default capture and context."""

    def __init__(self, database: Database, data_dir: str, clock: Callable[[], int]) -> None:
        """Nothing is read yet."""
        self._database, self._data_dir, self._clock = database, data_dir, clock

    def begin(
        self,
        *,
        project: str | None = None,
        session: str | None = None,
        what: tuple[str, ...] = switches.BOTH,
        for_ms: int | None = None,
    ) -> Pause:
        """Switch *what* off, everywhere or for a *project* (name or folder) or *session* (id or its beginning); gives the pause.

        It lasts *for_ms*, or until it is ended. It takes the place of an older one of the same.
        """
        scope, now_ms = self._scope(project, session), self._clock()
        if not set(what) & set(switches.BOTH) or (for_ms is not None and for_ms <= 0):
            message = "a pause needs something to switch off, and a length above nothing"
            raise BadRequest(message)
        made = {**scope, **{name: name in what for name in switches.BOTH}, "from_ms": now_ms}
        made["until_ms"] = None if for_ms is None else now_ms + for_ms
        kept: list[Pause] = []
        for one in self.all():
            again = _same(one, scope) and switches.in_force(one, now_ms)
            kept += _ended(one, what, now_ms) if again else [one]
        self._save([*kept, made])
        return made

    def end(
        self, *, project: str | None = None, session: str | None = None, what: tuple[str, ...] = switches.BOTH
    ) -> list[Pause]:
        """Switch *what* on again for a project or session, or (given neither) wherever it was paused; gives what was ended."""
        scope = self._scope(project, session) if project or session else None
        now_ms = self._clock()
        kept: list[Pause] = []
        ended: list[Pause] = []
        for one in self.all():
            meant = scope is None or _same(one, scope)
            if meant and _by_hand(one) and switches.in_force(one, now_ms) and any(one[name] for name in what):
                ended.append({**one, **{name: one[name] and name in what for name in switches.BOTH}})
                kept += _ended(one, what, now_ms)
            else:
                kept.append(one)
        if ended:
            self._save(kept)
        return ended

    def in_force(self) -> list[Pause]:
        """The pauses that last now, oldest first."""
        now_ms = self._clock()
        return [one for one in self.all() if _by_hand(one) and switches.in_force(one, now_ms)]

    def all(self) -> list[Pause]:
        """Every pause there was. SettingsError if their file is broken."""
        try:
            return switches.load(self._data_dir)
        except ValueError as error:
            message = f"{error}; mend it, or delete it to begin without pauses"
            raise SettingsError(message) from error

    def told(self, current: Settings) -> list[str]:
        """What is switched off anywhere, one sentence each."""
        off = [
            f"{switches.OFF[what]}: CLAUDE_MEM_{what.upper()}_ENABLED is false"
            for what in switches.BOTH
            if not getattr(current, f"{what}_enabled")
        ]
        try:
            return off + [sentence(one) for one in self.in_force()]
        except SettingsError as error:
            return [*off, f"nobody knows what: {error}"]

    def _save(self, pauses: list[Pause]) -> None:
        switches.save(self._data_dir, pauses)
        settings.write_rules(self._data_dir)

    def _scope(self, project: str | None, session: str | None) -> dict[str, Any]:
        """Where a pause is: everywhere if neither is given."""
        if project and session:
            message = "give a project or a session, not both"
            raise BadRequest(message)
        keys, root, name = self._project(project) if project else ([], "", "")
        return {"session": self._session(session) if session else "", "keys": keys, "root": root, "name": name}

    def _project(self, project: str) -> tuple[list[str], str, str]:
        """Keys, root and name of a project; of a folder nobody knows yet its own."""
        key, name, root = located.identity(self._database, project)
        known = status.project_keyed(self._database, key)
        if known is None and located.is_new(self._database, project):
            raise NotFound(located.unknown(self._database, project))
        if not (known.root if known else root):
            message = f"{project!r} has no folder, so no session runs in it"
            raise BadRequest(message)
        if known is None:
            return [key], root, name
        aliases = [row[0] for row in self._database.rows(sql.PROJECT_ALIASES, (known.id,))]
        return [known.key, *aliases], known.root, known.name

    def _session(self, session: str) -> str:
        try:
            return Browse(self._database).session_id(session)
        except NotFound:
            if len(session) < WHOLE_ID:
                raise
            return session


def sentence(pause: Pause) -> str:
    """A pause for people."""
    off = " and ".join(switches.OFF[what] for what in switches.BOTH if pause[what])
    return f"{off}: {switches.where(pause)} paused{switches.until(pause)}"


def _same(pause: Pause, scope: dict[str, Any]) -> bool:
    return _by_hand(pause) and all(pause[name] == scope[name] for name in _IDENTITY)


def _by_hand(pause: Pause) -> bool:
    return not pause.get("setting")


def _ended(pause: Pause, what: tuple[str, ...], now_ms: int) -> list[Pause]:
    """What becomes of a pause when *what* of it ends: it is over, and what else it switched off goes on by itself."""
    left = {name: pause[name] and name not in what for name in switches.BOTH}
    rest = [{**pause, **left, "from_ms": now_ms}] if any(left.values()) else []
    return [{**pause, "until_ms": now_ms}, *rest]
