--- Which journal a client writes, and what the company is called in it.
-- @module lastpass.store.client_journal
local M = {}

-- One open journal for a place, kept: a program has few.
local open_journals = {}

--- The company a client works on: the address of the API and the account number.
---@param client lastpass.Client
---@return string tenant "lastpass.com/enterpriseapi.php 8771312"
function M.tenant(client)
  local host = client:option("url"):gsub("^%a+://", "")
  return ("%s %.0f"):format(host, tonumber(client:option "cid"))
end

--- Opens the journal of a client.
---@param client lastpass.Client its option `journal` (path or DSN)
---@return lastpass.store.Journal|nil
---@return string? message
---@return lastpass.Error? err
function M.of(client)
  local place = client:option "journal"
  local key = place or ""
  if open_journals[key] then
    return open_journals[key]
  end
  local is_dsn = place and place:match "^postgres"
  local options = { dsn = is_dsn and place or nil, path = not is_dsn and place or nil }
  local journal, message, err = require("lastpass.store").open(options)
  if not journal then
    return nil, message, err
  end
  open_journals[key] = journal
  return journal
end

return M
