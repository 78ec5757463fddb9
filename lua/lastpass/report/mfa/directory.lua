--- What the report about multifactor finds in LastPass MFA's own directory (mfa §2.3): who is in it, with or without an
-- active phone, and where it and the company differ.
-- @module lastpass.report.mfa.directory
local email = require "lastpass.email"
local text = require "lastpass.text"
local values = require "lastpass.report.values"
local waiting = require "lastpass.transport.scheduler"

local M = {}

-- The kind of second factor that is LastPass's own app (enterprise-api §4.8).
local LASTPASS = "lastpassauth"

--- Findings of this comparison: name, words.
M.findings = {
  { "not_in_mfa", "LastPass's app, and not in the MFA directory" },
  { "no_phone", "in the MFA directory without an active phone" },
  { "suspended", "suspended in the MFA directory" },
  { "only_in_mfa", "in the MFA directory, and no multifactor for the vault" },
}

-- What a row's Status means. That there is one is the sandbox's assumption: where it is missing, or another word, it is
-- not known whether there is a phone.
local states = { active = "active", pending = "no phone", suspended = "suspended" }

local function state_of(user)
  local status = user.raw and user.raw.Status
  if type(status) ~= "string" or status == "" then
    return "in the directory"
  end
  return states[status:lower()] or status
end

-- Whether the client can read the directory: with the Generic API key alone.
local function is_secured(client)
  local given = client:option "mfa"
  return given ~= nil and (given.mode or "secured") == "secured"
end

local function read_users(directory)
  local known, count = {}, 0
  for user in directory:list() do
    known[email.fold(user.email)] = { email = user.email, state = state_of(user), user = user }
    count = count + 1
  end
  return known, count
end

--- Reads the directory, where the client has one.
---@param reading lastpass.report.Reading
---@param wanted boolean|nil true: it is a failure when the client has none; false: it is left out
---@return table<string, table>|false|nil known by the key of the address: {email, state, user}; false: left out
---@return string? message
---@return lastpass.Error? err
function M.read(reading, wanted)
  if wanted == false or wanted == nil and not is_secured(reading.client) then
    return false
  end
  local mfa, message, err = reading.client:mfa()
  if not mfa then
    return nil, message, err
  end
  local known, count
  known, count, err = waiting.caught(read_users, mfa.directory)
  if not known then
    return nil, count, err
  end
  reading.query[#reading.query + 1] = ("LastPass MFA, GetUsers: all pages, %s"):format(
    text.plural(count, "user")
  )
  return known
end

--- What is found about somebody who can log in.
---@param known table<string, table> of `read`
---@param user lastpass.User
---@return table<string, boolean> found by the names of `findings`
---@return string state for the column
function M.examine(known, user)
  local entry = known[email.fold(user.email)]
  if entry then
    entry.has_account = true
  end
  local state = entry and entry.state
  return {
    not_in_mfa = not entry and user.mfa == LASTPASS,
    no_phone = state == "no phone",
    suspended = state == "suspended",
    only_in_mfa = entry ~= nil and user.mfa == nil,
  },
    state or "not in the directory"
end

--- Who is in the MFA directory and cannot log in to the company.
---@param known table<string, table> of which those who can log in were examined
---@param snapshot lastpass.Snapshot
---@return table table of the report
function M.left_over(known, snapshot)
  local rows = {}
  for _, entry in pairs(known) do
    if not entry.has_account then
      local user = snapshot:user(entry.email)
      rows[#rows + 1] = {
        email = entry.email,
        state = entry.state,
        account = user and user.status or "not in the company",
      }
    end
  end
  values.sort(rows, "email")
  return {
    name = "left_over",
    title = "In the MFA directory, and cannot log in",
    columns = {
      { name = "email", title = "Email" },
      { name = "state", title = "LastPass MFA" },
      { name = "account", title = "Account" },
    },
    rows = rows,
  }
end

return M
