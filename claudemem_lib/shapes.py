"""The shapes of secrets: one table, used by hooks and library, listed in docs/privacy.md (a test compares).

PREFIXED: (kind, what it is, how it begins, how many of RUN follow at least, pattern of what follows). A text in which no beginning
is followed by so many holds none of them: no pattern is tried, and a hook need not import `re`.
KEYS and AROUND: (kind, what it is, needle, pattern): recognised by what stands around it; KEYS may be many lines long. The needle is looked for in lower case; the
group "secret" is masked, without it the whole match.

Patterns are ASCII, bounded or anchored to a literal beginning, so that no text makes them slow.
"""

from __future__ import annotations

RUN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~"
_WORD = r"[A-Za-z0-9_-]"
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

# fmt: off
# A table: one shape a line, however long its pattern.
PREFIXED = (
    # Models
    ("anthropic-key", "Anthropic key", "sk-ant-", 16, _WORD + "{16,}"),
    ("openai-key", "OpenAI key, and those of services that write theirs the same way", "sk-", 20, r"(?=[A-Za-z_-]{0,60}\d)(?:proj-|svcacct-|admin-|or-v1-)?" + _WORD + "{20,}"),
    ("openai-session", "OpenAI session", "sess-", 32, "[A-Za-z0-9]{32,}"),
    ("huggingface-token", "Hugging Face token", "hf_", 30, "[A-Za-z0-9]{30,}"),
    ("huggingface-token", "Hugging Face organisation token", "api_org_", 30, "[A-Za-z0-9]{30,}"),
    ("groq-key", "Groq key", "gsk_", 40, "[A-Za-z0-9]{40,}"),
    ("xai-key", "xAI key", "xai-", 40, "[A-Za-z0-9]{40,}"),
    ("perplexity-key", "Perplexity key", "pplx-", 40, "[A-Za-z0-9]{40,}"),
    ("replicate-token", "Replicate token", "r8_", 36, "[A-Za-z0-9]{36,}"),
    ("nvidia-key", "NVIDIA key", "nvapi-", 40, _WORD + "{40,}"),
    ("cerebras-key", "Cerebras key", "csk-", 40, "[a-z0-9]{40,}"),
    ("fireworks-key", "Fireworks key", "fw_", 22, r"(?=[A-Za-z]{0,20}\d)[A-Za-z0-9]{22,}"),
    ("together-key", "Together key", "tgp_v1_", 30, _WORD + "{30,}"),
    ("tavily-key", "Tavily key", "tvly-", 24, _WORD + "{24,}"),
    ("pinecone-key", "Pinecone key", "pcsk_", 40, "[A-Za-z0-9_]{40,}"),
    ("langsmith-key", "LangSmith key", "lsv2_", 32, "(?:pt|sk)_[A-Za-z0-9_]{29,}"),
    ("elevenlabs-key", "ElevenLabs key", "sk_", 48, "[0-9a-f]{48,}"),
    ("sourcegraph-token", "Sourcegraph token", "sgp_", 40, "[A-Za-z0-9_]{40,}"),
    # Code
    ("github-token", "GitHub personal token", "ghp_", 20, "[A-Za-z0-9]{20,}"),
    ("github-token", "GitHub OAuth token", "gho_", 20, "[A-Za-z0-9]{20,}"),
    ("github-token", "GitHub user token of an app", "ghu_", 20, "[A-Za-z0-9]{20,}"),
    ("github-token", "GitHub installation token of an app", "ghs_", 20, "[A-Za-z0-9]{20,}"),
    ("github-token", "GitHub refresh token", "ghr_", 20, "[A-Za-z0-9]{20,}"),
    ("github-token", "GitHub fine-grained token", "github_pat_", 20, "[A-Za-z0-9_]{20,}"),
    ("gitlab-token", "GitLab personal token", "glpat-", 16, r"[A-Za-z0-9_.-]{16,}"),
    ("gitlab-token", "GitLab deploy token", "gldt-", 16, _WORD + "{16,}"),
    ("gitlab-token", "GitLab runner token", "glrt-", 16, r"[A-Za-z0-9_.-]{16,}"),
    ("gitlab-token", "GitLab runner registration token", "GR1348941", 16, _WORD + "{16,}"),
    ("gitlab-token", "GitLab job token", "glcbt-", 16, _WORD + "{16,}"),
    ("gitlab-token", "GitLab trigger token", "glptt-", 16, _WORD + "{16,}"),
    ("gitlab-token", "GitLab feed token", "glft-", 16, _WORD + "{16,}"),
    ("gitlab-token", "GitLab mail token", "glimt-", 16, _WORD + "{16,}"),
    ("gitlab-token", "GitLab agent token", "glagent-", 16, _WORD + "{16,}"),
    ("gitlab-token", "GitLab OAuth secret", "gloas-", 16, _WORD + "{16,}"),
    ("gitlab-token", "GitLab SCIM token", "glsoat-", 16, _WORD + "{16,}"),
    ("atlassian-token", "Atlassian token", "ATATT3", 40, _WORD + "{40,}(?:=[0-9A-F]{8})?"),
    ("atlassian-token", "Atlassian access token", "ATCTT3", 40, _WORD + "{40,}(?:=[0-9A-F]{8})?"),
    ("bitbucket-password", "Bitbucket app password", "ATBB", 24, "[A-Za-z0-9]{24,}"),
    ("npm-token", "npm token", "npm_", 30, "[A-Za-z0-9]{30,}"),
    ("pypi-token", "PyPI token", "pypi-", 40, _WORD + "{40,}"),
    ("rubygems-key", "RubyGems key", "rubygems_", 40, "[0-9a-f]{40,}"),
    ("crates-token", "crates.io token", "cio", 32, r"(?=[A-Za-z]{0,20}\d)[A-Za-z0-9]{32,}"),
    ("nuget-key", "NuGet key", "oy2", 43, "[a-z0-9]{43,}"),
    ("docker-token", "Docker personal token", "dckr_pat_", 20, _WORD + "{20,}"),
    ("docker-token", "Docker organisation token", "dckr_oat_", 20, _WORD + "{20,}"),
    ("circleci-token", "CircleCI personal token", "CCIPAT_", 30, "[A-Za-z0-9_]{30,}"),
    ("circleci-token", "CircleCI project token", "CCIPRJ_", 30, "[A-Za-z0-9_]{30,}"),
    ("buildkite-token", "Buildkite token", "bkua_", 40, "[0-9a-f]{40,}"),
    ("sonar-token", "SonarQube project token", "sqp_", 40, "[0-9a-f]{40,}"),
    ("sonar-token", "SonarQube user token", "squ_", 40, "[0-9a-f]{40,}"),
    ("artifactory-key", "Artifactory key", "AKCp", 50, "[A-Za-z0-9]{50,}"),
    ("artifactory-token", "Artifactory reference token", "cmVmdGtuOj", 40, "[A-Za-z0-9]{40,}"),
    # Clouds
    ("aws-key-id", "AWS key id", "AKIA", 16, r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("aws-key-id", "AWS key id of a session", "ASIA", 16, r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("google-key", "Google API key", "AIza", 30, _WORD + "{30,}"),
    ("google-oauth", "Google access token", "ya29.", 20, r"[A-Za-z0-9_.-]{20,}"),
    ("google-oauth-secret", "Google OAuth client secret", "GOCSPX-", 20, _WORD + "{20,}"),
    ("aws-key-id", "AWS key id of a bearer", "ABIA", 16, r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("aws-key-id", "AWS key id of a context", "ACCA", 16, r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("alibaba-key-id", "Alibaba key id", "LTAI", 16, "[A-Za-z0-9]{16,}"),
    ("tencent-key-id", "Tencent key id", "AKID", 32, "[A-Za-z0-9]{32,}"),
    ("digitalocean-token", "DigitalOcean personal token", "dop_v1_", 40, "[0-9a-f]{40,}"),
    ("digitalocean-token", "DigitalOcean access token", "doo_v1_", 40, "[0-9a-f]{40,}"),
    ("digitalocean-token", "DigitalOcean refresh token", "dor_v1_", 40, "[0-9a-f]{40,}"),
    ("heroku-key", "Heroku key", "HRKU-", 30, _WORD + "{30,}"),
    ("fly-token", "Fly.io deploy token", "fo1_", 40, _WORD + "{40,}"),
    ("netlify-token", "Netlify token", "nfp_", 36, "[A-Za-z0-9]{36,}"),
    ("vercel-token", "Vercel blob token", "vercel_blob_rw_", 20, "[A-Za-z0-9_]{20,}"),
    ("render-key", "Render key", "rnd_", 24, "[A-Za-z0-9]{24,}"),
    ("supabase-token", "Supabase personal token", "sbp_", 40, "[0-9a-f]{40,}"),
    ("supabase-token", "Supabase secret key", "sb_secret_", 20, _WORD + "{20,}"),
    ("neon-key", "Neon key", "napi_", 40, "[a-z0-9]{40,}"),
    ("planetscale-token", "PlanetScale token", "pscale_tkn_", 30, r"[A-Za-z0-9_.-]{30,}={0,2}"),
    ("planetscale-password", "PlanetScale password", "pscale_pw_", 30, r"[A-Za-z0-9_.-]{30,}={0,2}"),
    ("databricks-token", "Databricks token", "dapi", 32, "[0-9a-f]{32}(?:-[0-9])?"),
    ("cloudflare-key", "Cloudflare origin key", "v1.0-", 40, "[0-9a-f]{24}-[0-9a-f]{80,}"),
    ("cloudflare-token", "Cloudflare user token", "cfut_", 40, "[A-Za-z0-9_]{40,}"),
    ("cloudflare-token", "Cloudflare account token", "cfat_", 40, "[A-Za-z0-9_]{40,}"),
    ("openshift-token", "OpenShift token", "sha256~", 43, _WORD + "{43}"),
    ("vault-token", "Vault token", "hvs.", 24, _WORD + "{24,}"),
    ("vault-token", "Vault batch token", "hvb.", 24, _WORD + "{24,}"),
    ("pulumi-token", "Pulumi token", "pul-", 40, "[0-9a-f]{40,}"),
    ("doppler-token", "Doppler token", "dp.", 40, r"(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{37,}"),
    ("prefect-key", "Prefect key", "pnu_", 36, "[A-Za-z0-9]{36}"),
    ("onepassword-key", "1Password secret key", "A3-", 26, r"[A-Z0-9]{6}-[A-Z0-9]{5,6}(?:-[A-Z0-9]{5}){3,4}"),
    # Watching
    ("grafana-token", "Grafana service token", "glsa_", 36, "[A-Za-z0-9_]{36,}"),
    ("grafana-key", "Grafana key of old", "eyJrIjoi", 40, "[A-Za-z0-9]{40,}={0,2}"),
    ("newrelic-key", "New Relic user key", "NRAK-", 20, "[A-Z0-9]{20,}"),
    ("newrelic-key", "New Relic insert key", "NRII-", 24, _WORD + "{24,}"),
    ("newrelic-key", "New Relic browser key", "NRJS-", 16, "[0-9a-f]{16,}"),
    ("sentry-token", "Sentry user token", "sntryu_", 40, "[0-9a-f]{40,}"),
    ("dynatrace-token", "Dynatrace token", "dt0c01.", 40, r"[A-Z0-9]{24}\.[A-Z0-9]{32,}"),
    # Messages and mail
    ("slack-token", "Slack token", "xox", 12, r"[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}"),
    ("slack-token", "Slack app token", "xapp-", 20, "[A-Za-z0-9-]{20,}"),
    ("sendgrid-key", "SendGrid key", "SG.", 33, _WORD + r"{16,100}\." + _WORD + "{16,}"),
    ("mailgun-key", "Mailgun key", "key-", 32, "[0-9a-f]{32}(?![0-9a-f])"),
    ("brevo-key", "Brevo key", "xkeysib-", 40, "[0-9a-f]{40,}(?:-[A-Za-z0-9]{16})?"),
    ("mailersend-token", "MailerSend token", "mlsn.", 40, "[0-9a-f]{40,}"),
    ("resend-key", "Resend key", "re_", 24, "[A-Za-z0-9]{6,12}_[A-Za-z0-9]{16,}"),
    ("twilio-account", "Twilio account id", "AC", 32, "[0-9a-z]{32}(?![0-9a-z])"),
    ("twilio-key", "Twilio key", "SK", 32, "[0-9a-z]{32}(?![0-9a-z])"),
    *(
        ("discord-token", "Discord bot token", begin, 50, _WORD + r"{20,30}\." + _WORD + r"{6,7}\." + _WORD + "{27,}")
        for begin in ("MT", "Mz", "Nj", "Nz", "OD", "OT", "ND", "NT")
    ),
    ("facebook-token", "Facebook token", "EAA", 60, "[A-Za-z0-9]{60,}"),
    # Shops and money
    ("stripe-key", "Stripe secret key", "sk_live_", 16, "[A-Za-z0-9]{16,}"),
    ("stripe-key", "Stripe restricted key", "rk_live_", 16, "[A-Za-z0-9]{16,}"),
    ("stripe-key", "Stripe publishable key", "pk_live_", 16, "[A-Za-z0-9]{16,}"),
    ("stripe-key", "Stripe secret key for tests", "sk_test_", 16, "[A-Za-z0-9]{16,}"),
    ("stripe-key", "Stripe restricted key for tests", "rk_test_", 16, "[A-Za-z0-9]{16,}"),
    ("shopify-token", "Shopify access token", "shpat_", 32, "[0-9a-fA-F]{32,}"),
    ("shopify-token", "Shopify custom app token", "shpca_", 32, "[0-9a-fA-F]{32,}"),
    ("shopify-token", "Shopify private app token", "shppa_", 32, "[0-9a-fA-F]{32,}"),
    ("shopify-token", "Shopify shared secret", "shpss_", 32, "[0-9a-fA-F]{32,}"),
    ("square-token", "Square access token", "sq0atp-", 20, _WORD + "{20,}"),
    ("square-token", "Square client secret", "sq0csp-", 30, _WORD + "{30,}"),
    ("square-token", "Square production token", "EAAA", 56, _WORD + "{56,}"),
    ("easypost-key", "EasyPost key", "EZAK", 50, "[A-Za-z0-9]{50,}"),
    ("plaid-token", "Plaid access token", "access-production-", 36, _UUID),
    # Work
    ("linear-key", "Linear key", "lin_api_", 30, "[A-Za-z0-9]{30,}"),
    ("linear-key", "Linear OAuth token", "lin_oauth_", 30, "[A-Za-z0-9]{30,}"),
    ("notion-token", "Notion token", "ntn_", 40, "[A-Za-z0-9]{40,}"),
    ("notion-token", "Notion token of old", "secret_", 43, "[A-Za-z0-9]{43}(?![A-Za-z0-9])"),
    ("figma-token", "Figma token", "figd_", 30, _WORD + "{30,}"),
    ("airtable-token", "Airtable token", "pat", 79, r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("hubspot-token", "HubSpot token", "pat-", 40, r"(?:na|eu|ap)\d-" + _UUID),
    ("postman-key", "Postman key", "PMAK-", 40, "[0-9a-f]{24}-[0-9a-f]{34}"),
    ("typeform-token", "Typeform token", "tfp_", 40, r"[A-Za-z0-9_.-]{40,}={0,2}"),
    ("contentful-token", "Contentful token", "CFPAT-", 40, _WORD + "{40,}"),
    # Keys
    ("jwt", "JSON Web Token", "eyJ", 20, _WORD + r"{8,2000}\.eyJ" + _WORD + r"{8,8000}\.[A-Za-z0-9_-]{8,}"),
    ("mapbox-token", "Mapbox secret token", "sk.eyJ", 36, _WORD + r"{20,}\.[A-Za-z0-9_-]{16,}"),
    ("age-key", "age secret key", "AGE-SECRET-KEY-1", 50, "[A-Z0-9]{50,}"),
)

KEYS = (
    ("private-key", "Private key in PEM, OpenSSH or PGP armour; unclosed, to the end", "-----begin", r"-----BEGIN [A-Za-z0-9 ]{0,40}(?:PRIVATE KEY|Static key)[A-Z0-9a-z ]{0,9}-----" r"(?=[\s\S]{0,300}?[A-Za-z0-9+/=]{24})(?P<secret>[\s\S]*?)(?:-----END |\Z)"),
    ("private-key", "Private key in SSH2 armour", "---- begin ssh2", r"---- BEGIN SSH2 [A-Z ]{0,20}PRIVATE KEY ----(?P<secret>[\s\S]*?)(?:---- END |\Z)"),
    ("private-key", "Private key of PuTTY", "private-lines:", r"Private-Lines: \d{1,4}(?P<secret>(?:\s{1,4}[A-Za-z0-9+/=]{16,80}){1,200})"),
)

AROUND = (
    ("login", "Password in SQL", "identified by", r"(?:IDENTIFIED BY|(?i:(?:create|alter) (?:user|role)|grant)\s[^;]{1,200}?(?i:identified by)) (?i:password )?\\{0,3}['\"](?P<secret>[^'\"\\\n]{4,200})['\"\\]"),
    ("login", "Password in SQL behind its kind", "identified with", r"(?i)identified with \S{1,60} (?:by|as) \\{0,3}['\"](?P<secret>[^'\"\\\n]{4,200})['\"\\]"),
    ("login", "Password in SQL as WITH PASSWORD", " password '", r"(?i)(?:with|user|role|encrypted|set)\b[^'\n;]{0,60} password '(?P<secret>[^'\n]{4,200})'"),
    ("variable", "Variable set by setx", "setx ", r"(?i)setx\s{1,3}\w{0,40}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|PASS)\s{1,3}['\"]?(?P<secret>[^\s\"'%$]{6,200})"),
    ("variable", "Variable of a Dockerfile", "env ", r"ENV[ \t]{1,3}[A-Z0-9_]{0,40}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|PASS)[ \t]{1,3}['\"]?(?P<secret>[^\s\"'$=][^\s\"'$]{5,200})"),
    ("aws-bedrock-key", "AWS Bedrock key", "absk", r"ABSK[A-Za-z0-9+/]{40,}={0,2}"),
    ("fly-token", "Fly.io token", "fm2_", r"fm2_[A-Za-z0-9+/_-]{40,}={0,2}"),
    ("onepassword-token", "1Password service token", "ops_eyj", r"ops_eyJ[A-Za-z0-9+/_-]{60,}={0,3}"),
    ("grafana-token", "Grafana Cloud token", "glc_", r"glc_[A-Za-z0-9+/]{32,}={0,2}"),
    ("sentry-token", "Sentry organisation token", "sntrys_", r"sntrys_[A-Za-z0-9+/_=-]{40,}"),
    ("webhook-secret", "Stripe and Svix signing secret", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("minisign-key", "minisign secret key", "rwrty0iy", r"RWRTY0Iy[A-Za-z0-9+/=]{40,}"),
    ("google-refresh-token", "Google refresh token", "1//0", r"1//0" + _WORD + "{30,}"),
    ("braintree-token", "Braintree access token", "access_token$production$", r"access_token[$]production[$][a-z0-9]{16}[$][0-9a-f]{32}"),
    ("twitter-token", "X (Twitter) bearer token", "aaaaaaaaaaaaaaaaaaaaa", r"AAAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{30,}"),
    ("url-password", "Password in an address, connection strings included", "://", r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@'\"\[<]{0,100}:(?P<secret>(?!\[redacted|(?i:pass(?:word|wd)?|pwd|token|secret|\*+|x+)@)[^\s/'\"]{1,200})@"),
    ("url-token", "Token in place of a user in an address", "://", r"https?://(?P<secret>(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{20,200})@"),
    ("slack-webhook", "Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/[a-z]{1,20}/(?P<secret>[A-Za-z0-9/_-]{8,200})"),
    ("discord-webhook", "Discord webhook", "/api/webhooks/", r"/api/webhooks/(?P<secret>\d{10,25}/[A-Za-z0-9_-]{30,200})"),
    ("teams-webhook", "Teams webhook", ".webhook.office.com", r"\.webhook\.office\.com/webhookb2/(?P<secret>[^\s'\"<>]{20,400})"),
    ("telegram-token", "Telegram bot token", ":aa", r"(?<!\d)\d{8,12}:AA[A-Za-z0-9_-]{30,40}"),
    ("terraform-token", "Terraform Cloud token", ".atlasv1.", r"[A-Za-z0-9]{10,20}\.atlasv1\.[A-Za-z0-9_=-]{40,200}"),
    ("azure-key", "Azure account key", "accountkey", r"(?i)AccountKey\s{0,3}[=:]\s{0,3}[\"']?(?P<secret>[A-Za-z0-9+/]{40,200}={0,2})"),
    ("azure-key", "Azure shared access key", "sharedaccesskey=", r"(?i)SharedAccessKey=(?P<secret>[A-Za-z0-9+/]{20,200}={0,2})"),
    ("azure-signature", "Azure SAS signature", "sig=", r"(?:(?<![A-Za-z0-9_])|(?<=\\n))sig=(?P<secret>[A-Za-z0-9%+/=_-]{30,200})"),
    ("azure-secret", "Azure client secret", "q~", r"(?:(?<![A-Za-z0-9_~.-])|(?<=\\n))[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{30,40}"),
    ("azure-devops-token", "Azure DevOps token", "azdo", r"[A-Za-z0-9]{70,80}AZDO[A-Za-z0-9]{4}"),
    ("aws-signature", "Signature of a signed AWS address", "x-amz-", r"(?i)X-Amz-(?:Signature|Security-Token)=(?P<secret>[A-Za-z0-9%+/=_-]{20,4000})"),
    ("aws-secret", "AWS secret key behind its name", "aws", r"(?i)aws[^\n]{0,30}?(?:secret|key|password|pwd|pass|pw|token)[^\n]{0,20}?(?P<secret>(?!(?-i:[0-9a-f]{40}))[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"),
    ("mailchimp-key", "Mailchimp key", "-us", r"(?:(?<![0-9a-z])|(?<=\\n))[0-9a-z]{32}-us\d{1,2}(?!\d)"),
    ("password-hash", "Password hash (crypt, bcrypt, argon2)", "$", r"\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}|[156y]\$[^\s:$\"']{1,40}\$[./A-Za-z0-9]{22,110}|[156]\$rounds=\d{1,9}\$[^\s:$\"']{1,40}\$[./A-Za-z0-9]{22,110}|argon2(?:id|i|d)\$[A-Za-z0-9+/=,$]{20,200})"),
    ("authorization", "Authorization header with Basic, Token and others", "authorization", r"(?i)authorization\\{0,3}[\"']?\s{0,4}[:=,]\s{0,4}\\{0,3}[\"'`]?(?:basic|token|digest|apikey|bot|key|splunk|negotiate|aws|ssws)\s{1,4}" r"(?P<secret>[A-Za-z0-9._~+/=:-]{6,4000})"),
    ("bearer", "Bearer token", "bearer", r"(?i)(?:(?<![A-Za-z0-9])|(?<=\\n))bearer[ :]{1,3}(?P<secret>[A-Za-z0-9._~+/-]{16,4000}={0,2})"),
    ("login", "User and password given to curl", " -u", r"(?:(?<![^\s\"'`>])|(?<=\\n))-u(?!\s{0,2}[+%])\s{0,2}['\"]?[^\s:'\"/]{1,80}:(?P<secret>[^\s'\"]{2,200})"),
    ("login", "User and password given as --user", "--user", r"(?:(?<![^\s\"'`>])|(?<=\\n))--user[= ]['\"]?[^\s:'\"/]{1,80}:(?P<secret>[^\s'\"]{2,200})"),
    ("login", "User and password given to httpie", " -a ", r"(?:(?<![A-Za-z0-9_./-])|(?<=\\n))https?\s(?:[^\n|;&]{0,100}?\s)?-a\s{1,3}['\"]?[^\s:'\"/]{1,80}:(?P<secret>[^\s'\"]{2,200})"),
    ("login", "User and password given to httpie as --auth", "--auth", r"(?:(?<![A-Za-z0-9_./-])|(?<=\\n))https?\s(?:[^\n|;&]{0,100}?\s)?--auth[= ]['\"]?[^\s:'\"/]{1,80}:(?P<secret>[^\s'\"]{2,200})"),
    ("login", "Password given to mysql and its kin", " -p", r"(?:(?<![A-Za-z0-9])|(?<=\\n))(?:mysql|mysqldump|mysqladmin|mysqlimport|mysqlcheck|mysqlsh|mariadb|mariadb-dump|mariadb-admin|mycli)" r"(?=\s)[^\n|;&]{0,300}?\s-p(?P<secret>'[^'\n]{1,200}'|\"[^\"\n$]{1,200}\"|[^\s'\"$|;&-][^\s'\"|;&]{0,200})"),
    ("login", "Password given to sshpass", "sshpass", r"sshpass\s{1,3}-p\s{0,3}(?P<secret>'[^'\n]{1,200}'|\"[^\"\n$]{1,200}\"|[^\s'\"$-][^\s'\"]{0,200})"),
    ("login", "Password given to docker login and its kin", " login", r"(?:(?<![A-Za-z0-9])|(?<=\\n))(?:docker|podman|buildah|skopeo|helm registry|az|oc|nerdctl|crane|oras)\s{1,3}login\s[^\n|;&]{0,200}?(?:(?<![^\s\"'`>])|(?<=\\n))-p\s{0,3}['\"]?(?P<secret>[^\s'\"$<-][^\s'\"]{0,200})"),
    ("login", "Password given to redis-cli", "redis-cli", r"redis-cli\s[^\n|;&]{0,200}?(?:(?<![^\s\"'`>])|(?<=\\n))-a\s{1,3}['\"]?(?P<secret>[^\s'\"$<-][^\s'\"]{0,200})"),
    ("login", "Password given to openssl", "pass:", r"(?:(?<![^\s\"'`>])|(?<=\\n))-(?:pass|passin|passout|k)\s{1,3}pass:(?P<secret>[^\s'\"$]{1,200})"),
    ("login", "Password in .netrc", "machine", r"(?i)(?:(?<![A-Za-z0-9_./-])|(?<=\\n))machine\s{1,4}\S{1,200}\s{1,4}login\s{1,4}\S{1,200}\s{1,4}password\s{1,4}(?P<secret>\S{1,200})"),
    ("login", "Login in a Docker or npm configuration", "auth", r"(?:\"auth\\{0,3}\"\s{0,4}:\s{0,4}\\{0,3}\"|(?:(?<![A-Za-z])|(?<=\\n))_auth ?= ?\"?)(?P<secret>(?=[A-Za-z+/]{0,200}[0-9=])[A-Za-z0-9+/]{8,4000}={0,2}(?![A-Za-z0-9(.\[]))"),
    ("cookie", "Cookies", "cookie", r"(?i)(?:(?<![A-Za-z0-9])|(?<=\\n))(?:set-)?cookie\\{0,3}[\"']?:\s{0,4}\\{0,3}[\"']?(?P<secret>[A-Za-z0-9_.%-]{1,80}=[^\s'\";]{6,4000}(?:;\s{0,2}[A-Za-z0-9_.%-]{1,80}=[^\s'\";]{1,4000}){0,50})"),
    ("cookie", "Cookies given to curl", "-b ", r"curl\s(?:[^\n|]{0,300}?\s)?-b\s{1,3}['\"]?(?P<secret>[A-Za-z0-9_.%-]{1,80}=[^\s'\";]{6,4000}(?:;\s{0,2}[A-Za-z0-9_.%-]{1,80}=[^\s'\";]{1,4000}){0,50})"),
    ("cookie", "Cookies given to curl as --cookie", "--cookie", r"curl\s(?:[^\n|]{0,300}?\s)?--cookie[= ]['\"]?(?P<secret>[A-Za-z0-9_.%-]{1,80}=[^\s'\";]{6,4000}(?:;\s{0,2}[A-Za-z0-9_.%-]{1,80}=[^\s'\";]{1,4000}){0,50})"),
    ("password", "Password said in a sentence", " is", r"(?i)(?:(?<![A-Za-z0-9])|(?<=\\n))(?:password|passwd|passphrase|passcode|pin|pwd|passwort|kennwort|api[ -]?key|access token|secret key)" r"(?: for [^\n.:;]{1,60}?)? is:?\s{1,3}[\"'`]?(?P<secret>(?=[^\s\"'`]{0,60}\d)(?=[^\s\"'`]{0,60}[A-Za-z!#$%&*+?@^])" r"(?!(?:base|sha-?|md|utf-?|rfc|argon|bcrypt|v)\d)[^\s\"'`,;()<>{}\[\]]{5,200}[^\s\"'`,;()<>{}\[\].:!?])"),
)


def _has_login(lowered: str) -> bool:
    """Whether some `://` is followed by an @ before the path begins."""
    at = lowered.find("://")
    while at >= 0:
        host = lowered[at + 3 : at + 320].split("/", 1)[0].split(None, 1)
        if host and "@" in host[0]:
            return True
        at = lowered.find("://", at + 3)
    return False


def _is_said(lowered: str) -> bool:
    """Whether somebody says what a password is."""
    return any(f"{name} {verb}" in lowered for name in _SAID for verb in ("is", "for "))


def _has_hash(lowered: str) -> bool:
    """Whether there may be the hash of a password."""
    return any(
        begin in lowered for begin in ("$2$", "$2a$", "$2b$", "$2x$", "$2y$", "$1$", "$5$", "$6$", "$y$", "$argon2")
    )


def _has_auth(lowered: str) -> bool:
    """Whether a field is called auth, quoted, or _auth."""
    return any(name in lowered for name in ('auth"', "auth\\", "_auth=", "_auth ="))


def _has_data_center(lowered: str) -> bool:
    """Whether a `-us` is followed by a number, as in a Mailchimp key."""
    at = lowered.find("-us")
    while at >= 0:
        if lowered[at + 3 : at + 4].isdigit():
            return True
        at = lowered.find("-us", at + 3)
    return False


def _has_variable(lowered: str) -> bool:
    """Whether a name of a secret is followed by a space."""
    return any(f"{name} " in lowered for name in ("pass", "password", "passwd", "pwd", "secret", "token", "key"))


_SAID = ("password", "passwd", "passphrase", "passcode", "pin", "pwd", "passwort", "kennwort", "key", "token")
# By needle: a closer look at a text that holds it, before any pattern is tried.
CLOSER = {
    "://": _has_login,
    " is": _is_said,
    "$": _has_hash,
    "auth": _has_auth,
    "-us": _has_data_center,
    "env ": _has_variable,
}
