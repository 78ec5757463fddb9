--- How metadata, messages and keys of SAML are shown.
-- @module lastpass.cli.views.saml
local M = {}

M.saml_words = {
  name = "rows",
  key = "name",
  fields = { "name", "value" },
  columns = { { field = "name", title = "what" }, { field = "value", wrap = true } },
}

local check_tones = { failed = "bad", passed = "good", ["not reached"] = "dim" }

M.saml_checks = {
  name = "checks",
  key = "code",
  fields = { "section", "check", "state", "code", "detail", "advice" },
  columns = {
    "section",
    "check",
    "state",
    { field = "detail", wrap = true },
  },
  tone = function(row)
    return check_tones[row.state]
  end,
}

M.saml_changes = {
  name = "changes",
  key = "what",
  fields = { "what", "risk" },
  columns = { { field = "what", wrap = true }, { field = "risk", wrap = true, title = "risky" } },
  tone = function(change)
    return change.risk and "warn" or nil
  end,
}

local key_tones = { ["may go"] = "warn", ["in use"] = "good", unknown = "dim" }

M.saml_keys = {
  name = "keys",
  key = "sha256",
  fields = { "sha256", "use", "key", "not_after", "first_seen", "last_seen", "state", "text" },
  columns = {
    { field = "sha256", max = 13 },
    { field = "use", rank = 1 },
    { field = "key", rank = 2 },
    { field = "not_after", title = "until" },
    { field = "last_seen", title = "last used" },
    "state",
    { field = "text", wrap = true, title = "what to do" },
  },
  times = { not_after = true, first_seen = true, last_seen = true },
  tone = function(key)
    return key_tones[key.state]
  end,
}

return M
