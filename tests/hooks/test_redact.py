"""Secrets are masked, ordinary code is not, and no cut leaves half a secret behind."""

from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudemem_lib import redact

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
    ("value", "aws_secret_access_key = {}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("value", "SECRET_TOKEN: {}", "a1b2c3d4e5f6"),
    ("value", "private-key: {}", "a1b2c3d4e5f6"),
]


@pytest.mark.parametrize(("kind", "around", "secret"), SECRETS, ids=lambda value: value[:20] if len(value) < 30 else "")
def test_a_secret_is_masked_and_named(kind: str, around: str, secret: str) -> None:
    text = around.format(secret)
    cleaned = redact.clean(text)
    assert redact.suspicious(text)
    assert secret.splitlines()[0] not in cleaned
    assert cleaned.count(f"[redacted:{kind}]") == cleaned.count("[redacted:") == 1
    assert len(cleaned) - len(f"[redacted:{kind}]") <= len(text) - len(secret)


CODE = [
    "password: str",
    "password: str | None = None",
    "password: str|None = None",
    "def login(user, password=None, token=''):",
    "self.token = token",
    "token = next(tokens)",
    "token = tokenizer.encode_v2(text)",
    "token = config.get_value2",
    "api_key = os.environ['API_KEY_2']",
    "secret = get_secret('db')",
    "if token == other_token2:",
    "max_tokens=128000",
    '"max_tokens": 4096,',
    'token_type: "bearer"',
    "PASSWORD_FILE=/run/secrets/db1",
    "password: ${DB_PASSWORD_1}",
    "password = {{ vault_password1 }}",
    "token: <your-token-1>",
    "password=$PASSWORD1",
    "const token: Promise<string> = fetch1()",
    "std::string password1::value2()",
    "the secret is that tokens are counted per word",
    "https://example.com/a:b@c",
    "https://example.com:8080/path",
    "ssh://git@github.com:22/a/b",
    "git@github.com:you/project.git",
    "task-management-system-with-a-long-name-2",
    "class sk-folding-cube-loader-animation",
    "bearer of news",
    "npm_config_registry_of_the_company_proxy",
    "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    'print(f"{token!r}: {count}")',
]


@pytest.mark.parametrize("code", CODE)
def test_ordinary_code_is_left_alone(code: str) -> None:
    assert redact.clean(code) == code


@pytest.mark.parametrize(
    ("name", "value", "is_masked"),
    [
        ("password", "hunter2", True),
        ("DB_PASSWORD", "correct-horse", True),
        ("apiKey", "a1b2c3d4", True),
        ("accessKey", "a1b2c3d4", True),
        ("token", "a1b2c3d4", True),
        ("token_type", "bearer", False),
        ("password_file", "/run/secrets/db", False),
        ("max_tokens", "4096", False),
        ("secret", "short", False),
        ("token", "a text of several words", False),
        ("file_path", "src/token2.py", False),
        ("query", "hunter2", False),
    ],
)
def test_the_value_of_a_field_that_names_a_secret_is_masked(name: str, value: str, *, is_masked: bool) -> None:
    assert redact.clean_field(name, value) == ("[redacted:value]" if is_masked else value)


TEXT = st.text(max_size=300) | st.lists(
    st.sampled_from(
        ["<private>", "</private>", "<system-reminder>", "password=", "token: ", '"', "a1b2c3d4", "\n", " ", "İ"]
    ),
    max_size=20,
).map("".join)


@given(TEXT, st.integers(0, 400))
def test_any_text_can_be_cleaned(text: str, limit: int) -> None:
    assert len(redact.clean(text, limit)) <= max(limit, len(text) * 3) + 100


@given(TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = redact.clean(text)
    assert redact.clean(once) == once


@given(TEXT)
def test_what_rouses_no_suspicion_holds_nothing_to_mask(text: str) -> None:
    if not redact.suspicious(text):
        assert redact.mask(text) == text


@given(st.sampled_from(SECRETS), st.text(max_size=200), st.text(max_size=200))
def test_a_planted_secret_never_survives(planted: tuple[str, str, str], before: str, after: str) -> None:
    _, around, secret = planted
    assert secret not in redact.clean(f"{before}\n{around.format(secret)}\n{after}").replace(before, "").replace(
        after, ""
    )


FILLERS = ["x = 1\n", "word ", "a", '{"a":1},', "é", "-"]


@pytest.mark.parametrize("filler", FILLERS, ids=repr)
@pytest.mark.parametrize(("around", "secret"), [(around, secret) for _, around, secret in SECRETS])
def test_no_cut_leaves_half_a_secret(filler: str, around: str, secret: str) -> None:
    text, limit = around.format(secret), 3_000
    secret = secret.splitlines()[0]
    for edge in (2_000, -1_000):  # the ends of the kept head and tail
        for shift in range(-len(text) - 20, 21, max(1, len(text) // 9)):
            before = (filler * 20_000)[: edge + shift if edge > 0 else 20_000]
            behind = (filler * 20_000)[: 20_000 if edge > 0 else -edge + shift]
            cleaned = redact.clean(f"{before}\n{text}\n{behind}", limit)
            pieces = {secret[at : at + 8] for at in range(len(secret) - 7)} or {secret}
            assert not [piece for piece in pieces if piece in cleaned and piece not in around]


@given(st.text(min_size=1, max_size=3000), st.integers(1, 1000))
def test_a_shortened_text_says_exactly_how_much_is_missing(text: str, limit: int) -> None:
    short = redact.shorten(text, limit)
    if len(text) <= limit:
        assert short == text
        return
    head, mark, rest = short.partition("\n[... ")
    cut, _, tail = rest.partition(" characters cut ...]\n")
    if mark and cut.isdigit() and "[..." not in text:
        assert text.startswith(head)
        assert text.endswith(tail)
        assert int(cut) == len(text) - len(head) - len(tail)


def test_no_text_keeps_the_rules_busy_for_long() -> None:
    chooser = random.Random(0)
    parts = [
        "a.b-",
        "token",
        "eyJ-",
        "a://",
        "password=",
        "<private ",
        "</private>",
        'secret="',
        "-----BEGIN ",
        "sk-",
        "SG.",
    ]
    for _ in range(10):
        text = "".join(part * 5_000 for part in chooser.sample(parts, 4))
        began = time.process_time()
        redact.clean(text, 65_536)
        assert time.process_time() - began < 2
