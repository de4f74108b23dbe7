"""Shell commands: what kind each is, and whether it matters."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claudemem_lib.providers.digest.shell import Simple


class Kind(StrEnum):
    """What a command is for."""

    TEST = "test"
    LINT = "lint"
    BUILD = "build"
    MIGRATE = "migrate"
    INSTALL = "install"
    COMMIT = "commit"
    PUSH = "push"
    HISTORY = "history"
    DEPLOY = "deploy"
    TRACKER = "tracker"
    RUN = "run"
    ROUTINE = "routine"
    OTHER = "other"


CHECKS = (Kind.TEST, Kind.LINT, Kind.BUILD, Kind.MIGRATE)
MATTERS = (*CHECKS, Kind.INSTALL, Kind.COMMIT, Kind.PUSH, Kind.HISTORY, Kind.DEPLOY, Kind.TRACKER)

_SCRIPT = (
    r"(?:npm|pnpm|yarn|bun|deno task|just|task|composer|rake|make|invoke|nox -s|tox -e) (?:run |run-script )?(?:-\S+ )*"
)
_RULES: tuple[tuple[Kind, str], ...] = (
    (
        Kind.TEST,
        r"(?:pytest|py\.test|unittest|tox|nox|jest|vitest|mocha|ava|karma|rspec|phpunit|pest|ctest|bats|behave|trial)\b"
        r"|(?:go|cargo|mix|dotnet|swift|deno|bun|flutter|dart|zig|rails|sbt|lein|stack|cabal|bazel|meson|ng|nx) test\b"
        rf"|{_SCRIPT}(?:test|tests|check|spec|e2e|unit|integration)\b|cargo nextest|playwright test|cypress run"
        r"|(?:mvn|mvnw|gradle|gradlew)\b.*\b(?:test|check|verify)\b|npm t\b|manage\.py test\b"
        r"|python3? \S*manage\.py test\b",
    ),
    (
        Kind.LINT,
        r"(?:ruff|flake8|pylint|black|isort|mypy|pyright|basedpyright|eslint|prettier|biome|tsc|vue-tsc"
        r"|golangci-lint|gofmt"
        r"|rubocop|shellcheck|hadolint|stylelint|markdownlint|yamllint|pre-commit|bandit|semgrep|clang-tidy"
        r"|clang-format|ktlint"
        r"|swiftlint|lint-imports|standardrb)\b|go vet\b|cargo (?:clippy|fmt)\b|mix (?:credo|format|dialyzer"
        r"|sobelow|quality)\b"
        rf"|{_SCRIPT}(?:lint|type-?check|types|format|fmt|prettier)\b",
    ),
    (
        Kind.MIGRATE,
        r"mix (?:ecto\.(?:migrate|rollback|setup|reset|create|drop)|ash\.(?:codegen|migrate|setup|reset))"
        r"|alembic (?:up|down|rev|stamp)"
        r"|(?:python3? )?\S*manage\.py (?:migrate|makemigrations)|(?:rails|rake) db:|prisma (?:migrate|db"
        r"|generate)|knex migrate"
        r"|sequelize db:|flyway|liquibase|diesel migration|sqlx migrate|drizzle-kit|typeorm migration|goose\b|dbmate\b"
        rf"|{_SCRIPT}(?:migrate|db:migrate|migration)\b",
    ),
    (
        Kind.DEPLOY,
        r"kubectl (?:apply|rollout (?:restart|undo)|delete|scale|set)|helm (?:install|upgrade|uninstall|rollback)"
        r"|(?:terraform"
        r"|tofu) (?:apply|destroy)"
        r"|(?:fly|flyctl|vercel|netlify|wrangler|firebase|serverless|sls|cdk|pulumi)\b.*\b(?:deploy|up|--prod"
        r"|publish)\b|vercel$"
        r"|(?:gcloud|aws|az)\b.*\b(?:deploy|update-function-code|sync)\b|docker (?:push|stack deploy)"
        r"|ansible-playbook|npm publish"
        r"|(?:pnpm|yarn|cargo|poetry|uv|flit|hatch) publish|twine upload|gh release (?:create|upload)|git push heroku"
        rf"|{_SCRIPT}(?:deploy|release|publish)\b|systemctl (?:restart|start|stop|enable|disable)",
    ),
    (
        Kind.BUILD,
        r"(?:cmake|ninja|webpack|rollup|esbuild|parcel|tsup|xcodebuild|msbuild|meson compile|bazel build"
        r"|buck2? build|javac|gcc|g\+\+"
        r"|clang|rustc|protoc)\b|(?:go|cargo|swift|dotnet|zig|vite|next|nuxt|astro|ng|nx|hatch|poetry|uv|stack"
        r"|cabal|flutter) build\b"
        r"|cargo check\b|mix (?:compile|assets\.\S+|release|phx\.digest|escript\.build)|build\b|pyinstaller"
        r"|docker (?:compose )?build"
        rf"|docker-compose build|{_SCRIPT}(?:build|compile|bundle|dist)\b|(?:mvn|mvnw|gradle|gradlew)\b|make\b"
        rf"|go generate|tsc -b"
        r"|ninja|just build|mkdocs build|sphinx-build|hugo\b|jekyll build",
    ),
    (
        Kind.INSTALL,
        r"(?:pip3?|pipx) (?:install|uninstall)|uv (?:add|remove|sync|lock|pip|tool install)|(?:poetry|pdm"
        r"|rye) (?:add|remove|install|update|lock)"
        r"|(?:npm|pnpm|bun) (?:i|install|add|ci|uninstall|remove|update|upgrade)\b|yarn(?: (?:add|install|remove"
        r"|upgrade)\b|$)"
        r"|go (?:get|install|mod)\b|cargo (?:add|remove|install|update)|mix (?:deps\.\S+|igniter\.install"
        r"|archive\.install|local\.\S+)"
        r"|(?:gem|brew|apt|apt-get|dnf|yum|pacman|apk|choco|winget|snap|conda|mamba|composer|nuget|mise|asdf)\b.*\b"
        r"(?:install|add|require|remove|upgrade)\b|bundle (?:install|add|update)|dotnet add"
        r"|npx playwright install|playwright install",
    ),
    (Kind.COMMIT, r"git (?:-\S+ \S+ )*commit\b"),
    (Kind.PUSH, r"git (?:-\S+ \S+ )*push\b"),
    (
        Kind.HISTORY,
        r"git (?:merge|rebase|cherry-pick|revert|tag (?!-l)\S|reset --hard|checkout -[bB]|switch -[cC]"
        r"|worktree (?:add|remove))\b",
    ),
    (
        Kind.TRACKER,
        r"(?:gh|glab) (?:pr|mr|issue) (?:create|merge|close|reopen|comment|review|edit|ready|new)|bd (?:create|close|dep)"
        r"|(?:jira|linear|acli|tea) \S+ ?(?:create|close|comment|move)",
    ),
    (
        Kind.ROUTINE,
        r"(?:ls|ll|cat|bat|cd|pwd|head|tail|less|more|grep|egrep|rg|ag|ack|fd|find|echo|printf|which|whereis|type"
        r"|wc|sort|uniq|cut|tr|awk"
        r"|sleep|wait|true|false|date|whoami|id|hostname|uname|env|printenv|export|set|unset|source|\.|test|\["
        r"|\[\[|mkdir|touch|chmod|chown"
        r"|stat|file|du|df|ps|top|free|kill|pkill|killall|lsof|ss|netstat|jobs|fg|bg|history|clear|tree|diff|cmp"
        r"|md5sum|sha256sum|xxd|od|hexdump|jq|yq"
        r"|column|xargs|tee|basename|dirname|realpath|readlink|man|tldr|pbcopy|pbpaste|open|code|git|bd|gh|glab"
        r"|for|while|done|fi|else|case|esac"
        r"|return|exit|trap|read|local|function|pgrep|nl|fold|seq|yes|nproc|tmux|screen|ln|cp|mv|rm|rmdir|sed"
        r"|perl|pushd|popd|dir|cls"
        r"|docker (?:ps|logs|images|inspect|info|version)|kubectl (?:get|describe|logs)|npm (?:ls|list|view"
        r"|outdated|-v|--version)"
        r"|pip3? (?:list|show|freeze|--version)|\S+ (?:--version|-v|-V|--help|-h|help|version))(?:\s|$)",
    ),
    (
        Kind.RUN,
        r"(?:python[\d.]*|node|ruby|perl|php|bash|sh|zsh|deno|bun|tsx|ts-node|elixir|iex|java|go run|cargo run"
        r"|dotnet run|mix|rails|uvicorn|gunicorn"
        r"|flask|streamlit|npm|pnpm|yarn|curl|wget|http|psql|mysql|sqlite3|redis-cli|mongosh|docker"
        r"|docker-compose|podman|kubectl|aws|gcloud"
        r"|terraform|uv|poetry|just|task|claude)\b",
    ),
)
_COMPILED = tuple((kind, re.compile(rf"(?:{pattern})")) for kind, pattern in _RULES)
_NO_CHECK = re.compile(r"\s(?:--help|-h|--version|--collect-only|--co|--dry-run|--list)\b|pytest --fixtures")
_TWO_WORDS = re.compile(
    r"(?:npm|pnpm|yarn|bun|mix|cargo|go|git|make|just|task|uv|poetry|docker|kubectl|rails|rake|dotnet|gh|mvn"
    r"|gradle|gradlew|bundle|cap)$"
)
_LABEL_LIMIT = 90


def kind_of(command: Simple) -> Kind:
    """What *command* is for; OTHER for a program nobody knows."""
    line = command.line[:2_000]
    for kind, pattern in _COMPILED:
        if pattern.match(line):
            return Kind.ROUTINE if kind in MATTERS and _NO_CHECK.search(line) else kind
    return Kind.RUN if command.words and command.words[0].startswith(("./", "/")) else Kind.OTHER


def key_of(command: Simple) -> str:
    """What two runs have in common if the second may repair the first: the program, and its verb where it has one."""
    words = [word for word in command.words[1:] if not word.startswith("-")]
    if words[:1] and words[0].endswith("manage.py"):
        return " ".join(("manage.py", *words[1:2]))
    if _TWO_WORDS.match(command.name):
        return " ".join((command.name, *words[: 2 if words[:1] in (["run"], ["exec"]) else 1]))
    if kind_of(command) in (Kind.RUN, Kind.OTHER):
        return " ".join((command.name, *words[:1]))
    return command.name


def label_of(command: Simple, root: str) -> str:
    """*command* for people: one line, short, paths as seen from *root*; a commit's message is told elsewhere."""
    if kind_of(command) is Kind.COMMIT:
        return "git commit --amend" if "--amend" in command.words else "git commit"
    text = re.sub(r"(?:\s\d?>&\d|\s&>\S+)+", "", command.text)
    if root:
        text = text.replace(root.rstrip("/") + "/", "")
    return text if len(text) <= _LABEL_LIMIT else text[: _LABEL_LIMIT - 1].rstrip() + "…"
