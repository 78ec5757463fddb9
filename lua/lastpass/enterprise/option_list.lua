--- The options of a client as people read them: name, value, default, meaning. The README's table and what
-- `:doc lastpass.new` shows are made from this list.
-- @module lastpass.enterprise.option_list
local DEFAULT_URL = require("lastpass.enterprise.options").DEFAULT_URL

return {
  { "cid", "integer or digits", "required", "account number, as the Admin Console shows it" },
  { "provhash", "secret", "required", "provisioning hash, from `lastpass.secret`" },
  { "url", "string", DEFAULT_URL, "address of the API; https, or http to this machine" },
  { "apiuser", "string", "none", "label sent along with each request" },
  {
    "timezone",
    "string",
    "America/New_York",
    "zone of the account's times: a tzdata name or a POSIX rule",
  },
  { "timeout", "seconds", "120", "for one whole call" },
  { "connect_timeout", "seconds", "10", "for reaching the server" },
  { "retries", "count", "3", "how often a read is tried again; writes only when nothing was sent" },
  {
    "rate",
    "per second",
    "no limit",
    "requests to this company, over all clients of the process, and of all processes whose option "
      .. "`journal` is the same",
  },
  { "max_bytes", "bytes", "256 MiB", "largest reply that is accepted" },
  { "page_size", "users", "2000", "users asked for at once" },
  { "chunk", "rows", "100", "rows of one write when a list is split" },
  { "in_flight", "count", "4", "pages of one read under way at once" },
  { "ca_file", "path", "the system's", "PEM certificates to trust" },
  {
    "proxy",
    "URL",
    "the environment's",
    'proxy to go through; "" for none; never to this machine without TLS',
  },
  { "verify", "boolean", "true", "false skips TLS verification, to this machine only" },
  { "http_version", "string", '"1.1"', '"2" for HTTP/2 when offered; its library copies the hash' },
  {
    "transport",
    "name or object",
    "curl",
    'how requests are sent: "curl"; in nginx "resty" or "thread"',
  },
  {
    "journal",
    "path or DSN",
    "a file of the user's",
    "where plans are journalled: a file for SQLite, or postgresql://user@host/database",
  },
  {
    "lease",
    "seconds",
    "none",
    "how long a company's lock lasts without a sign of life, for workers: from 2 × `timeout` on",
  },
  {
    "protect",
    "list of addresses",
    "none",
    "accounts that plans, verbs and users' methods take nothing from",
  },
  {
    "now",
    "function",
    "the machine's clock",
    "gives the seconds since 1970 that relative times count from",
  },
  {
    "scim",
    "table",
    "none",
    'the endpoint of plans with `via = "scim"`: url (default by cid), token (a secret), dialect',
  },
  { "rest", "table", "none", "the REST API, as `lastpass.business.new` takes it: key, url" },
  {
    "mfa",
    "table",
    "none",
    "LastPass MFA of the company, as `lastpass.mfa.new` takes it; keys may be {file = …}",
  },
  {
    "approval",
    "table",
    "none",
    "four eyes: operator (who applies), by (who may approve), from (so many steps), ip, ask",
  },
  { "on_request", "function", "none", "called with {command, attempt} before each request" },
  { "on_wait", "function", "none", "called with {command, seconds, reason} before a wait" },
  { "on_retry", "function", "none", "called with {command, attempt, message, code, seconds}" },
  {
    "on_reply",
    "function",
    "none",
    "called with {command, attempt, seconds, code} after each request; no code when it went well",
  },
  {
    "limiter",
    "object",
    "one of the process",
    "who spaces requests: `acquire(command, rate, on_wait)` and `back_off(seconds, rate)`",
  },
}
