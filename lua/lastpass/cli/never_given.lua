--- Secrets are never given on the command line, where other users and the history see them. Who tries
-- is told what to do instead, and what was given is not repeated.
-- @module lastpass.cli.never_given
local errors = require "lastpass.error"

local M = {}

-- Options that there are not: code, what it would be, and how it is given.
local secrets = {
  ["--provhash"] = {
    "hash_on_command_line",
    "the hash",
    "--provhash-file, --provhash-command, --provhash-env or --provhash-prompt",
  },
  ["--token"] = { "secret_on_command_line", "the token", "--token-file or --token-env" },
  ["--pseudonymise-key"] = { "secret_on_command_line", "the key", "--pseudonymise-key-file" },
}

--- Looks for such options.
---@param words string[] of the command line
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "hash_on_command_line", "secret_on_command_line"
function M.check(words)
  for _, word in ipairs(words) do
    local secret = secrets[word:match "^[^=]*"]
    if secret then
      local form = "%s is never given on the command line, where other users and the history see it"
      return errors.fail("argument", secret[1], form:format(secret[2]), {
        hint = "use " .. secret[3],
      })
    end
  end
  return true
end

return M
