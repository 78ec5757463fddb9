-- The site of `make mfa-demo`: a company, who signs in by SAML, and the second factor. docs/mfa.md says what each
-- setting is for.
local lastpass = require "lastpass"

local here = ngx.config.prefix()
local api = os.getenv "LASTPASS_URL" -- the demo's sandbox; nil is LastPass itself
local sandbox = api and api:match "^https?://[^/]+"

-- seals the cookies of both guards
local cookie_keys = {
  { id = "2026-11", secret = assert(lastpass.secret.file(here .. "cookie.key")) },
}

return {
  tenants = {
    acme = {
      cid = 8771312,
      provhash = assert(lastpass.secret.file(here .. "acme.hash")), -- mode 600
      url = api,
      folders = false,
    },
  },

  saml = {
    url = "http://127.0.0.1:8080", -- as browsers see it
    idp = here .. "idp.xml", -- the metadata of the app, from LastPass's Admin Console
    cookie_keys = cookie_keys,
    headers = { ["X-Auth-Account"] = "account" },
    logout_url = sandbox and sandbox .. "/Login/Logout",
  },

  mfa = {
    url = "http://127.0.0.1:8080",
    cookie_keys = cookie_keys,
    push = {
      base_url = sandbox, -- nil is LastPass itself
      mode = "secured",
      api_key = assert(lastpass.secret.file(here .. "mfa.key")),
      private_key = assert(lastpass.secret.file(here .. "mfa.pem")),
      app_name = "Reports",
    },
    -- the payments ask again unless the phone has answered within the last minute
    paths = { { path = "/payments", max_age = 60 } },
  },
}
