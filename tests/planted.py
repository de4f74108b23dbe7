"""Secrets to plant: one of every shape in the table, made at random, and ways in which people write the others.

None of them opens anything: they are made here, of letters in a row or of chance.
"""

from __future__ import annotations

import random
import re
import string
from re import _constants as codes  # type: ignore[attr-defined]  # there is no public way to look into a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from claudemem_lib import shapes

WORD = (string.ascii_letters + string.digits) * 3
PEM = "\n".join(("MIIEowIBAAKCAQEA" + WORD[:48]) for _ in range(20))
JWT = f"eyJ{WORD[:30]}.eyJ{WORD[:60]}.{WORD[:40]}"

# kind, a text around the secret, the secret
SECRETS = [
    ("anthropic-key", "key {}", "sk-ant-api03-" + WORD[:60]),
    ("openai-key", "key {}", "sk-" + WORD[20:68]),
    ("openai-key", "key {}", "sk-proj-" + WORD[20:80] + "_x-1"),
    ("google-key", "?key={}&x=1", "AIza" + WORD[:35]),
    ("google-oauth", "{}", "ya29." + WORD[:60]),
    *(("github-token", "git clone https://{}@github.com/a/b", f"gh{kind}_" + WORD[:36]) for kind in "pousr"),
    ("github-token", "{}", "github_pat_" + WORD[:22] + "_" + WORD[:59]),
    ("gitlab-token", "{}", "glpat-" + WORD[:20]),
    ("slack-token", "{}", "xoxb-123456789012-" + WORD[:24]),
    ("slack-webhook", "https://hooks.slack.com/services/{}", "T00000000/B00000000/" + WORD[:24]),
    ("aws-key-id", "aws {}", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("aws-key-id", "aws {}", "ASIA" + "IOSFODNN7EXAMPLE"),
    *(("stripe-key", "{}", f"{kind}k_live_" + WORD[:24]) for kind in "srp"),
    ("sendgrid-key", "{}", "SG." + WORD[:22] + "." + WORD[:43]),
    ("npm-token", "//registry/:_auth {}", "npm_" + WORD[:36]),
    ("pypi-token", "{}", "pypi-" + WORD[:60]),
    ("huggingface-token", "{}", "hf_" + WORD[:34]),
    ("jwt", "cookie: {}", JWT),
    ("bearer", "Authorization: Bearer {}", WORD[5:45]),
    ("authorization", "Authorization: Basic {}", WORD[5:25]),
    ("authorization", "'authorization': 'token {}'", WORD[5:45]),
    ("login", "curl -u ann:{} https://example.com", WORD[5:17]),
    ("login", "curl --user 'ann:{}' https://example.com", WORD[5:17]),
    ("cookie", "Cookie: session={}", WORD[5:45]),
    ("private-key", "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", PEM),
    ("private-key", "-----BEGIN OPENSSH PRIVATE KEY-----\n{}", PEM),
    ("private-key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n{}\n-----END PGP PRIVATE KEY BLOCK-----", PEM),
    ("url-password", "postgres://user:{}@host:5432/db", "s3cr3t"),
    ("url-password", "POSTGRES://user:{}@host/db", "p@ss:w0rd"),
    ("url-password", "redis://:{}@host", "s3cr3t"),
    ("value", "DB_PASSWORD={}", "hunter2hunter2"),
    ("value", "export API_KEY={}\n", WORD[30:60]),
    ("value", 'password = "{}"', "hunter2"),
    ("value", "password: '{}'", "correct-horse"),
    ("value", '{{"client_secret": "{}"}}', "aBc123dEf456"),
    ("value", 'curl -d "{{\\"password\\": \\"{}\\"}}"', "hunter2hunter2"),
    ("aws-secret", "aws_secret_access_key = {}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("value", "SECRET_TOKEN: {}", "a1b2c3d4e5f6"),
    ("value", "private-key: {}", "a1b2c3d4e5f6"),
    (
        "private-key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\\n{}\\n-----END ENCRYPTED PRIVATE KEY-----",
        PEM.replace("\n", "\\n"),
    ),
    ("private-key", "   1→-----BEGIN EC PRIVATE KEY-----\n   2→{}", PEM),
    (
        "private-key",
        '"private_key": "-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n"',
        PEM.replace("\n", "\\n"),
    ),
    (
        "private-key",
        "-----BEGIN OpenVPN Static key V1-----\n{}\n-----END OpenVPN Static key V1-----",
        WORD[:64].lower(),
    ),
    ("anthropic-key", "prefix\\n{}\\n", "sk-ant-api03-" + WORD[:60]),
    ("anthropic-key", "%3D{}%26", "sk-ant-api03-" + WORD[:60]),
    ("openai-key", 'a\\n{}\\n"', "sk-proj-" + WORD[20:80] + "_x-1"),
    ("openai-key", "key%3D{}%26", "sk-proj-" + WORD[20:80] + "_x-1"),
    ("github-token", "\x1b[01;31m\x1b[K{}\x1b[m", "ghp_" + WORD[:36]),
    ("url-password", "amqp://guest:{}@host", "guest1"),
    ("url-password", "mongodb+srv://ann:{}@cluster0.example.net/db", "p%40ssw0rd"),
    ("url-password", "https://ann:{}@pypi.example.com/simple", WORD[5:25]),
    ("url-token", "https://{}@git.example.com/a/b", "a1b2c3d4e5f6a7b8c9d0"),
    ("slack-webhook", "https://hooks.slack.com/workflows/{}", "T00000000/A00000000/" + WORD[:24]),
    ("discord-webhook", "https://discord.com/api/webhooks/{}", "123456789012345678/" + WORD[:60]),
    ("azure-key", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=x", WORD[:86] + "=="),
    ("azure-signature", "https://a.blob.core.windows.net/c?sv=2020&sig={}", "abcDEF123456%2B" + WORD[:30]),
    ("login", "mysql -u root -p{} shop", "hunter"),
    ("login", "mysqldump --host=db -p'{}' shop", "two words"),
    ("login", "sshpass -p {} ssh box", "hunter2"),
    ("login", "redis-cli -h cache -a {} ping", "hunter2hunter2"),
    ("login", "docker login -u me -p {} registry.example.com", "hunter2hunter2"),
    ("login", "openssl rsa -in k.pem -passin pass:{}", "hunter2"),
    ("login", "machine example.com login ann password {}", "hunter2"),
    ("login", "http -a ann:{} example.com", "hunter2"),
    ("login", '{{"auths": {{"registry": {{"auth": "{}"}}}}}}', "YW5uOmh1bnRlcjI="),
    ("login", "//registry.example.com/:_auth={}", "YW5uOmh1bnRlcjI="),
    ("cookie", "Set-Cookie: {}; HttpOnly", "sid=" + WORD[5:25]),
    ("cookie", 'curl -b "{}" https://example.com', "session=" + WORD[5:25]),
    ("password-hash", "root:{}:19000:0:", "$6$salt$" + WORD[:43] + WORD[:43]),
    ("password-hash", "{}", "$2b$12$" + WORD[:53]),
    ("password", "my password is {}, use it", "hunter2"),
    ("password", "The password for the staging box is {}.", "s3cr3t!x"),
    ("value", "PASSWORD={}", "abc"),
    ("value", "DB_PASSWORD={}\n", "x1"),
    ("value", "PGPASSWORD={} psql shop", "abc"),
    ("value", "  - MYSQL_PWD={}\n", "root1"),
    ("value", "PASSWORD={}", "p@ss,w(ord)1"),
    ("value", 'password = "{}"', "correct horse battery staple"),
    ("value", 'password = "{}', "cut in the middle"),
    ("value", "SMTP_PASS={}", "abc"),
    ("value", "db_pass: '{}'", "hunter2"),
    ("value", "passphrase: '{}'", "open the door now"),
    ("value", '{{"password": "{}"}}', "hi there friend"),
    ("value", '{{\\"password\\": \\"{}\\"}}', "hi there friend"),
    ("value", "secret = '{}'", "a phrase of words no one guesses"),
    ("value", "Server=tcp:x;User Id=sa;Password={};", "Passw0rd"),
    ("value", "Server=x;Uid=sa;Pwd={};", "hunter"),
    ("value", "password: {}\n", "correcthorse"),
    ("value", "password := `{}`", "hunter2"),
    ("value", "'password' => '{}',", "hunter2"),
    ("value", 'config["password"] = "{}"', "hunter2"),
    ("value", "<password>{}</password>", "hunter2"),
    ("value", "deploy --password {} --yes", "hunter2"),
    ("value", "deploy --db-password='{}'", "two words here"),
    ("value", "deploy --token {}", "a1b2c3d4e5f6"),
    ("value", "DD_API_KEY={}", "0123456789abcdef0123456789abcdef"),
    ("value", "HEROKU_API_KEY={}", "12345678-1234-1234-1234-123456789abc"),
    ("value", "X-Api-Key: {}", "a1b2c3d4e5f6g7"),
    ("value", "STRIPE_KEY={}", "a1b2c3d4e5f6g7h8"),
    ("value", "//registry.example.com/:_authToken={}", "a1b2c3d4-e5f6"),
    ("value", "API key: {}", "a1b2c3d4e5f6g7h8"),
]


def of_every_shape(seed: int = 0) -> list[tuple[str, str, str]]:
    """(kind, text around it, secret) of every row of the table, made at random."""
    chooser = random.Random(seed)
    found = []
    for kind, _, begin, _, rest in shapes.PREFIXED:
        found.append((kind, "{}", sampled(re.escape(begin) + rest, chooser)[0]))
    for kind, _, _, pattern in (*shapes.KEYS, *shapes.AROUND):
        text, start, end = sampled(pattern, chooser)
        around = (
            text[:start].replace("{", "{{").replace("}", "}}") + "{}" + text[end:].replace("{", "{{").replace("}", "}}")
        )
        found.append((kind, around, text[start:end]))
    return found


def sampled(pattern: str, chooser: random.Random) -> tuple[str, int, int]:
    """A text that matches *pattern*, and where in it the secret stands."""
    compiled = re.compile(pattern, re.ASCII)
    tree = parser.parse(pattern, re.ASCII)
    for _ in range(5_000):
        text = _text_of(tree, chooser)
        match = compiled.fullmatch(text)
        if match:
            return text, *match.span("secret" if "secret" in match.groupdict() else 0)
    message = f"no text could be made for {pattern}"
    raise AssertionError(message)


_ALL = string.ascii_letters + string.digits + "_-./+=%!#~"
_ANY = (*_ALL, " ", "\n", ":", ",", "$", "'", '"', "?", "&", ";")


def _text_of(tree: Any, chooser: random.Random) -> str:
    return "".join(_part(code, argument, chooser) for code, argument in tree)


def _part(code: Any, argument: Any, chooser: random.Random) -> str:
    made = ""  # of what only looks around
    if code is codes.LITERAL:
        made = chr(argument)
    elif code in (codes.NOT_LITERAL, codes.ANY):
        made = chooser.choice(_ALL)
    elif code is codes.IN:
        made = chooser.choice([char for char in _ANY if _fits(char, argument)])
    elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, body = argument
        times = chooser.randint(least, min(int(most), least + (8 if least else 2)))
        times = max(times, min(24, int(most))) if code is codes.MIN_REPEAT else times
        made = "".join(_text_of(body, chooser) for _ in range(times))
    elif code is codes.SUBPATTERN:
        made = _text_of(argument[-1], chooser)
    elif code is codes.BRANCH:
        made = _text_of(chooser.choice(argument[1]), chooser)
    return made


def _fits(char: str, ranges: Any) -> bool:
    negated = ranges[0][0] is codes.NEGATE
    return any(_is_in(char, code, argument) for code, argument in ranges) != negated


def _is_in(char: str, code: Any, argument: Any) -> bool:
    if code is codes.LITERAL:
        return bool(ord(char) == argument)
    if code is codes.RANGE:
        return bool(argument[0] <= ord(char) <= argument[1])
    kinds = {codes.CATEGORY_SPACE: char.isspace(), codes.CATEGORY_NOT_SPACE: not char.isspace()}
    return code is codes.CATEGORY and kinds.get(argument, char.isdigit())
