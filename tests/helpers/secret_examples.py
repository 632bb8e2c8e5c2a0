"""A made-up secret of every form, put together here so that no scanner of secrets stops at a file.

A template names random parts by alphabet and length: `ghp_{A36}`. The parts are what must not be
written."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

ALPHABETS: Final = {
    "A": string.ascii_letters + string.digits,
    "h": "0123456789abcdef",
    "U": string.ascii_uppercase + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "d": string.digits,
    "B": string.ascii_letters + string.digits + "+/",
    "W": string.ascii_letters + string.digits + "_-",
}
_PART: Final = re.compile(r"<([AhUldBW])(\d+)>")
UUID: Final = "<h8>-<h4>-<h4>-<h4>-<h12>"
TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS access key": ("AKIA<U16>", "uses ASIA<U16> for now"),
    "AWS session token": ("IQoJb3JpZ2lu<B120>", "FwoGZXIvYXdz<B200>"),
    "AWS presigned URL": ("https://b.s3.amazonaws.com/k?X-Amz-Date=2026&X-Amz-Signature=<h64>",),
    "AWS MWS token": (f"amzn.mws.{UUID}",),
    "AWS secret access key": (
        "<B40>",
        "aws_secret_access_key = <B40>",
        "AKIA<U16> <B40>",
        "the key is <B40>, as ever",
    ),
    "Amazon Bedrock API key": ("ABSK<B128>", "bedrock-api-key-<B60>"),
    "Azure account key": (
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=<B86>==;EndpointSuffix=x",
        "Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=<B43>=",
    ),
    "Azure identifiable key": ("<A76>+ASt<A6>==", "<A76>ACDb<A6>=="),
    "Azure service key": ("<A52>JQQJ99BC<A24>",),
    "Azure client secret": ("<A3>8Q~<A34>",),
    "Azure shared access signature": (
        "https://a.blob.core.windows.net/c?sv=2026-01-01&sr=c&sp=r&sig=<A43>%3D",
    ),
    "Google API key": ("AIza<W35>",),
    "Google OAuth token": ("ya29.<W60>", "1//0<W60>"),
    "Google OAuth client secret": ("GOCSPX-<W28>",),
    "Google HMAC key": ("GOOG1E<U55>",),
    "Alibaba Cloud access key": ("LTAI<A20>",),
    "Tencent Cloud secret id": ("AKID<A32>",),
    "Scaleway access key": ("SCW<U17>",),
    "Yandex Cloud key": ("AQVN<A36>", "t1.<A40>.<A86>"),
    "DigitalOcean token": ("dop_v1_<h64>",),
    "Oracle or IBM key assignment": ("IBM_CLOUD_API_KEY=<W44>",),
    "Cloudflare key": ("v1.0-<h24>-<h146>",),
    "Heroku API key": ("HRKU-<W60>",),
    "Fly.io token": ("FlyV1 fm2_<A60>", "fo1_<W43>"),
    "Netlify token": ("nfp_<A36>",),
    "Render token": ("rnd_<A32>",),
    "Vercel token": ("vercel_blob_rw_<A40>", "vcp_<A56>"),
    "Supabase key": ("sbp_<h40>", "sb_secret_<A31>"),
    "PlanetScale token": ("pscale_tkn_<A43>",),
    "Neon token": ("napi_<l64>",),
    "Databricks token": ("dapi<h32>",),
    "MongoDB Atlas secret": ("mdb_sa_sk_<W40>",),
    "npm token": ("npm_<A36>", "//registry.npmjs.org/:_authToken=<A36>"),
    "PyPI token": ("pypi-AgEIcHlwaS5vcmc<W120>",),
    "RubyGems key": ("rubygems_<h48>",),
    "NuGet key": ("oy2<l43>",),
    "crates.io token": ("cio<A32>",),
    "Docker Hub token": ("dckr_pat_<W27>",),
    "JFrog token": ("AKCp<A69>", "cmVmdGtu<A56>"),
    "Clojars token": ("CLOJARS_<l60>",),
    "Packagist token": ("packagist_ort_<h64>",),
    "GitHub token": ("ghp_<A36>", "ghs_<A40>", "github_pat_<A22>_<A59>"),
    "GitLab token": ("glpat-<W20>", "glrt-<W26>", "GR1348941<W20>"),
    "Bitbucket password": ("ATBB<A32>",),
    "Atlassian token": ("ATATT3xFfGF0<W160>",),
    "CircleCI token": ("CCIPAT_<A22>_<h40>",),
    "Buildkite token": ("bkua_<l40>",),
    "HashiCorp Vault token": ("hvs.<W90>", "s.<A24>"),
    "HCP Terraform token": ("<A14>.atlasv1.<W67>",),
    "Doppler token": ("dp.pt.<A43>", "dp.st.prd.<A43>"),
    "1Password secret": ("ops_eyJ<A250>", "A3-<U6>-<U6>-<U5>-<U5>-<U5>-<U5>"),
    "age secret key": ("AGE-SECRET-KEY-1<U58>",),
    "Pulumi token": ("pul-<h40>",),
    "Infisical token": ("st.<h24>.<h32>.<h32>",),
    "OpenAI key": ("sk-proj-<W90>", "sk-<A20>T3BlbkFJ<A20>", "sk-<A48>"),
    "Anthropic key": ("sk-ant-api03-<W93>AA",),
    "Hugging Face token": ("hf_<A34>",),
    "Groq key": ("gsk_<A52>",),
    "Replicate token": ("r8_<A37>",),
    "Perplexity key": ("pplx-<A48>",),
    "xAI key": ("xai-<A80>",),
    "OpenRouter key": ("sk-or-v1-<h64>",),
    "NVIDIA API key": ("nvapi-<W64>",),
    "LangSmith key": ("lsv2_pt_<h32>_<h10>",),
    "Pinecone key": ("pcsk_<A5>_<A63>",),
    "Cerebras key": ("csk-<l48>",),
    "Fireworks key": ("fw_<A24>",),
    "Tavily key": ("tvly-dev-<A32>",),
    "ElevenLabs key": ("sk_<h48>",),
    "Slack token": ("xoxb-<d12>-<d12>-<A24>", "xapp-1-<U11>-<d13>-<h64>", "xoxe.xoxp-1-<A140>"),
    "Slack webhook": ("https://hooks.slack.com/services/T<U8>/B<U8>/<A24>",),
    "Discord webhook": ("https://discord.com/api/webhooks/<d18>/<W68>",),
    "Discord bot token": ("MT<A22>.G<A5>.<W38>",),
    "Microsoft Teams webhook": (
        f"https://contoso.webhook.office.com/webhookb2/{UUID}@{UUID}/IncomingWebhook/<h32>/{UUID}",
    ),
    "Google Chat webhook": (
        "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=<W39>&token=<W43>",
    ),
    "Telegram bot token": ("<d9>:AA<W33>",),
    "Integration webhook": (
        "https://hooks.zapier.com/hooks/catch/<d7>/<l7>/",
        "https://events.pagerduty.com/integration/<h32>/enqueue",
    ),
    "Stripe key": ("sk_live_<A24>", "rk_test_<A99>", "whsec_<A32>"),
    "Square token": ("sq0csp-<W43>", "EAAA<W60>"),
    "Braintree token": ("access_token$production$<l16>$<h32>",),
    "Shopify token": ("shpat_<h32>",),
    "Plaid token": (f"access-production-{UUID}",),
    "Facebook token": ("EAA<A180>",),
    "SendGrid key": ("SG.<W22>.<W43>",),
    "Mailgun key": ("key-<h32>", "<h32>-<h8>-<h8>"),
    "Mailchimp key": ("<h32>-us20",),
    "Twilio key": ("SK<h32>",),
    "Brevo key": ("xkeysib-<h64>-<A16>",),
    "Resend key": ("re_<A8>_<A24>",),
    "Datadog key": ("DD_API_KEY=<h32>", "datadog app key: <h40>"),
    "New Relic key": ("NRAK-<U27>", "<h36>NRAL"),
    "Grafana token": ("glsa_<A32>_<h8>", "glc_<A60>"),
    "Sentry token": ("sntryu_<h64>", "sntrys_<A80>"),
    "Dynatrace token": ("dt0c01.<U24>.<U64>",),
    "Honeycomb key": ("hcaik_<l58>",),
    "PostHog key": ("phx_<A43>",),
    "LaunchDarkly key": (f"sdk-{UUID}",),
    "Splunk HEC token": (f"Splunk {UUID}",),
    "Elastic key": ("essu_<B60>",),
    "SonarQube or Snyk token": ("squ_<h40>",),
    "Okta token": ("SSWS 00<W40>",),
    "Linear key": ("lin_api_<A40>",),
    "Notion token": ("ntn_<A46>",),
    "Airtable token": ("pat<A14>.<h64>",),
    "Figma token": ("figd_<W40>",),
    "Postman key": ("PMAK-<h24>-<h34>",),
    "Dropbox token": ("sl.u.<W140>",),
    "Contentful token": ("CFPAT-<W43>",),
    "Tailscale key": ("tskey-auth-<A12>-<A32>",),
    "Private key": (
        "-----BEGIN RSA " + "PRIVATE KEY-----\n<B64>\n<B64>\n-----END RSA " + "PRIVATE KEY-----",
        "-----BEGIN " + "PRIVATE KEY-----\n<B64>\n-----END " + "PRIVATE KEY-----",
        "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\n\n<B64>",
    ),
    "JSON web token": ("eyJhbGciOiJIUzI1NiJ9.eyJ<W40>.<W43>",),
    "JSON web key": ('{"kty":"RSA","n":"<W40>","e":"AQAB","d":"<W80>"}',),
    "Bearer token": ("Authorization: Bearer <A32>", "curl -H 'bearer <A24>' x"),
    "Authorization header": ("Authorization: Token <h40>", "authorization=ApiKey <A24>"),
    "Basic credentials": ("Authorization: Basic <B22>==", "header Basic <B30>=="),
    "Password in an address": ("https://app:<A16>@db.internal:5432/app", "ftp://u:<A9>@host"),
    "Password of a database address": ("postgres://app:a/<A12>@db.internal/app",),
    "Password assignment": (
        "DB_PASSWORD=<A12>",
        "password: <A10>",
        "Server=tcp:a;User ID=sa;Password=<A14>;Encrypt=true",
        "client_secret = '<A30>'",
        '{"password": "<A12>"}',
    ),
    "Token assignment": ("SESSION_TOKEN=<A30>", "https://example.com/hook?token=<A30>"),
    "Command-line password": ("deploy --password <A12> --verbose",),
    "Credentials of curl": ("curl -s -u admin:<A12> https://example.com",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text with a made-up secret of a form in it."""

    form: str
    text: str
    parts: tuple[str, ...]
    """What must not be written anywhere: the random parts of eight characters or more."""


def examples(seed: int = 0) -> tuple[Example, ...]:
    """One example for each template; another seed gives other secrets."""
    drawn = random.Random(seed)
    return tuple(
        _example(form, template, drawn)
        for form, templates in TEMPLATES.items()
        for template in templates
    )


def _example(form: str, template: str, drawn: random.Random) -> Example:
    parts: list[str] = []

    def draw(found: re.Match[str]) -> str:
        part = "".join(drawn.choices(ALPHABETS[found[1]], k=int(found[2])))
        # Drawn letters may lack a digit; the forms that need one say so.
        part = part[:-1] + "7"
        parts.append(part)
        return part

    text = _PART.sub(draw, template)
    kept = tuple(part for part in parts if len(part) >= 8) or (max(parts, key=len),)
    return Example(form=form, text=text, parts=kept)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ENCODINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": lambda text: text,
    "in a sentence": lambda text: f"Since May this is done with {text} as agreed",
    "in an ARN": lambda text: f"arn:aws:sns:us-east-1:123456789012:{text}",
    "in JSON": lambda text: json.dumps({"Version": "1", "Note": [text]}),
    "in JSON in JSON": lambda text: json.dumps({"inner": json.dumps({"Note": text})}),
    "in escaped JSON": lambda text: json.dumps({"a": text.replace("/", "\\u002f")}),
    "URL-encoded": lambda text: quote(text, safe=""),
    "URL-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "base64": _base64,
    "base64 of a script": lambda text: _base64(f"#!/bin/sh\nset -e\nexport KEY='{text}'\nrun\n"),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(f"x {text} x".encode()).decode(),
    "base64 in a path": lambda text: f"https://example.com/v1/{_base64(f'is {text}')}",
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 of gzip": lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
    "wrapped base64": lambda text: base64.encodebytes(f"is {text} here".encode()).decode(),
    "JSON of base64, URL-encoded": lambda text: quote(json.dumps({"a": _base64(f"is {text}")})),
}
"""How a text may be written down, by name."""
