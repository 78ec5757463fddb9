-- What nginx serves: companies, who may ask, and playbooks. nginx.conf gives this table to
-- `require("lastpass.nginx").setup`; a mistake in it is found by `nginx -t`.
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
      refresh = 60, -- seconds between readings of the directory; it is served meanwhile
      folders = 600, -- seconds between readings of the shared folders; false for none
      stale_after = 300, -- seconds after which /healthz says that it is too old
      journal = here .. "journal.db", -- that of the program: lastpass runs, run show, undo
    },
  },

  -- Made by `lastpass.nginx.gateway.tokens`; only hashes are kept.
  tokens = dofile(here .. "tokens.lua"),

  -- Each file says itself when it runs. With apply = false plans are made and told of, no more.
  playbooks = { directory = here .. "playbooks", tenant = "acme", apply = true },
}
