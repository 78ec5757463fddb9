-- What nginx serves: companies, tokens and playbooks. nginx.conf gives this table to
-- `require("lastpass.nginx").setup`; `nginx -t` reports errors in it.
local lastpass = require "lastpass"

local here = ngx.config.prefix()

return {
  tenants = {
    acme = {
      cid = 8771312,
      -- mode 600, read by the master when nginx starts or reloads
      provhash = assert(lastpass.secret.file(here .. "acme.hash")),
      url = os.getenv "LASTPASS_URL", -- the demo's sandbox; nil is LastPass itself
      timezone = "America/New_York",
      rate = 20, -- requests a second to LastPass, over all workers and playbooks
      refresh = 60, -- seconds between readings of the directory; the last one is served meanwhile
      folders = 600, -- seconds between readings of the shared folders; false for none
      stale_after = 300, -- seconds after which /healthz reports that it is too old
      journal = here .. "journal.db", -- the one that `lastpass runs`, `run show` and `undo` use
    },
  },

  -- Made by `lastpass.nginx.gateway.tokens`; only hashes are stored.
  tokens = dofile(here .. "tokens.lua"),

  -- Each file declares when it runs. With apply = false plans are only made and reported.
  playbooks = { directory = here .. "playbooks", tenant = "acme", apply = true },
}
