/** What stands in the place of a secret. */
export const MASK = "[masked]";

/**
 * Takes secrets out of a text: keys of model providers, tokens of forges, clouds and registries, private keys, passwords and
 * tokens in URLs, credentials in headers and in assignments. Everything else stays as it is. A second pass changes nothing.
 *
 * Time is linear in the text: every unbounded run of characters begins only where none could have begun before it.
 */
export function maskSecrets(text: string): string {
  return RULES.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** The same for a value that is written as JSON: a string under a name that says what it is goes whole. */
export function maskField(name: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return SECRET_NAME.test(name) && value !== "" ? MASK : maskSecrets(value);
}

/** Before a token: no character that could belong to it, or an escape of a text that is itself quoted. */
const START = String.raw`(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))`;

/** Tells a token from a name of words and dashes. */
const HAS_DIGIT = "(?=[A-Za-z_-]*[0-9])";

/** How tokens begin, and what they consist of; each is named in its issuer's documentation. */
const TOKENS: readonly string[] = [
  // Model providers: OpenAI, Anthropic, OpenRouter, DeepSeek; Cerebras; Groq; xAI; Perplexity; NVIDIA; Replicate; Hugging Face;
  // Fireworks; Together; Google.
  `c?sk-${HAS_DIGIT}[A-Za-z0-9_-]{16,}`,
  "gsk_[A-Za-z0-9]{16,}",
  `(?:xai|pplx|nvapi)-${HAS_DIGIT}[A-Za-z0-9_-]{16,}`,
  "(?:r8|hf|fw)_[A-Za-z0-9]{16,}",
  "tgp_v1_[A-Za-z0-9_-]{16,}",
  "AIza[A-Za-z0-9_-]{30,}",
  String.raw`ya29\.[A-Za-z0-9_-]{16,}`,
  "GOCSPX-[A-Za-z0-9_-]{16,}",
  // Forges and registries: GitHub, GitLab, npm, PyPI, crates.io, Docker.
  "gh[opsur]_[A-Za-z0-9_]{16,}",
  "github_pat_[A-Za-z0-9_]{16,}",
  "gl(?:pat|ptt|dt|rt|cbt|imt|agent|soat|oas|ft|ffct)-[A-Za-z0-9_.-]{16,}",
  "npm_[A-Za-z0-9]{30,}",
  `pypi-${HAS_DIGIT}[A-Za-z0-9_-]{16,}`,
  "cio[A-Za-z0-9]{32,}",
  "dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}",
  // Clouds and services: AWS key ids, Slack, Stripe, SendGrid, DigitalOcean, Supabase, Databricks, Shopify, age.
  "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,}",
  "xox[a-z]-[A-Za-z0-9-]{10,}",
  "xapp-[A-Za-z0-9-]{16,}",
  "(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}",
  "whsec_[A-Za-z0-9+/=]{16,}",
  String.raw`SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`,
  "do[opr]_v1_[a-f0-9]{32,}",
  "sbp_[A-Za-z0-9]{16,}",
  "dapi[a-f0-9]{32,}",
  "shp(?:at|ca|pa|ss)_[A-Za-z0-9]{16,}",
  "AGE-SECRET-KEY-1[A-Z0-9]{16,}",
  // A JSON Web Token: its header begins with `{"`.
  String.raw`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`,
];

/** Names of settings that hold a secret; `tokens` are counted and not hidden. */
const NAME =
  "(?:password|passwd|passphrase|pwd(?=\\s*[:=]\\s*[^\\s/~.])|secret(?:[_-]?(?:access[_-]?)?key)?(?:[_-]?base)?|api[_-]?key|access[_-]?key(?:[_-]?id)?|" +
  "private[_-]?key|(?<!max[_-]?)token)";
const SECRET_NAME = new RegExp(`^(?:authorization|proxy-authorization|cookie|set-cookie)$|${NAME}$`, "i");
const QUERY_NAME =
  "(?:[a-z_-]{0,20}(?:token|secret|password|signature|credential|api[_-]?key)|key|sig|auth|x-amz-(?:signature|credential|security-token))";

const RULES: readonly (readonly [RegExp, string])[] = [
  // A private key, to its end or to the end of what there is of it.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
    MASK,
  ],
  [
    /((?:proxy-)?authorization["'\\]{0,3}\s{0,4}[:=]\s{0,4}["'\\]{0,3})(?!\[masked\])(?:Digest [^\r\n]+|[^\s"'\\][^\r\n"'\\]*)/gi,
    `$1${MASK}`,
  ],
  [
    /((?:set-)?cookie|x-api-key|api-key|x-goog-api-key|x-auth-token|private-token|job-token)(["'\\]{0,3}\s{0,4}:\s{0,4}["'\\]{0,3})(?!\[masked\])[^\s"'\\][^\r\n"'\\]*/gi,
    `$1$2${MASK}`,
  ],
  [/\b(Bearer|Basic) {1,4}(?=[A-Za-z._~+/=-]*[0-9])[A-Za-z0-9._~+/=-]{16,}/gi, `$1 ${MASK}`],
  // scheme://user:password@host, and a long name alone, which is a token.
  [/([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/?#@:"'<>]*):(?!\[masked\]@)[^\s/?#"'<>]*@/gi, `$1:${MASK}@`],
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@:"'<>]{16,}@/gi, `$1${MASK}@`],
  [/(hooks\.slack\.com\/services\/)[A-Za-z0-9/_-]+/g, `$1${MASK}`],
  [new RegExp(`([?&]${QUERY_NAME}=)(?!\\[masked\\])[^\\s&#"'<>\\\\]+`, "gi"), `$1${MASK}`],
  [new RegExp(`${START}(?:${TOKENS.join("|")})`, "g"), MASK],
  // NAME=value as a shell and an .env file have it, and name: value with a value that looks like no word of a program.
  [new RegExp(`(${NAME}=)(?!\\[masked\\])[^\\s"'\`,;&()\\\\]{4,}`, "gi"), `$1${MASK}`],
  [
    new RegExp(
      `(${NAME}["'\\\\]{0,3}\\s{0,8}(?:=>?|:)\\s{0,8}\\\\{0,2}["'])(?!\\[masked\\])[^\\s"'\\\\]{4,}`,
      "gi",
    ),
    `$1${MASK}`,
  ],
  [
    new RegExp(
      `(${NAME}["'\\\\]{0,3}\\s{0,8}(?:=>?|:)\\s{1,8})(?=[^\\s"'\`,;&().]*[0-9])(?=[^\\s"'\`,;&().]*[A-Za-z])[^\\s"'\`,;&().]{8,}`,
      "gi",
    ),
    `$1${MASK}`,
  ],
];
