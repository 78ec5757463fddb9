-- The site of `make scim-demo`: a company, and the connection by which Entra ID pushes people and groups to it.
-- docs/scim.md says what each setting is for.
local lastpass = require "lastpass"

local here = ngx.config.prefix()

return {
  tenants = {
    acme = {
      cid = 8771312,
      -- mode 600, read by the master when nginx starts or reloads
      provhash = assert(lastpass.secret.file(here .. "acme.hash")),
      url = os.getenv "LASTPASS_URL", -- the demo's sandbox; nil is LastPass itself
      rate = 50, -- requests a second to LastPass, over all workers
      refresh = 60, -- seconds between readings of the directory
      folders = false,
      timeout = 20, -- of a call: an answer to an identity provider must come within 60 seconds
      journal = here .. "journal.db", -- the one that `lastpass scim …` uses
    },
  },

  scim = {
    connections = {
      -- https://host/scim/entra
      entra = {
        tenant = "acme",
        provider = "entra",
        -- nothing is taken from these accounts, whatever is pushed
        protect = { "break-glass@acme.example" },
        -- more than so many in 24 hours wait for a decision
        limits = { per_day = { disable = 5 } },
      },
    },
  },
}
