-- The site of `make saml-demo`: a company, and the guard of one application. docs/saml.md says what each setting
-- is for.
local files = require "lastpass.files"
local lastpass = require "lastpass"

local here = ngx.config.prefix()
-- the demo's sandbox; nil is LastPass itself
local api = os.getenv "LASTPASS_URL"
local sandbox = api and api:match "^https?://[^/]+"

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
    cookie_keys = {
      { id = "2026-11", secret = assert(lastpass.secret.file(here .. "cookie.key")) },
    },
    -- signs what is sent to the identity provider, and makes single logout possible
    key = assert(lastpass.secret.file(here .. "sp.key")),
    cert = assert(files.read(here .. "sp.crt")),
    headers = {
      ["X-Auth-Account"] = "account",
      ["X-Auth-Groups"] = "attribute:groups",
    },
    logout_url = sandbox and sandbox .. "/Login/Logout",
    events_every = 2, -- seconds until a leaver's sessions end; the demo is in a hurry
  },
}
