--- A second factor for writes of the gateway that take access away: whoever sends one shows it with the request, in the
-- header X-Second-Factor: a code of the person that the token belongs to, or the word "push", which asks the person's phone and
-- waits for it.
-- @module lastpass.nginx.gateway.second_factor
local change_table = require "lastpass.directory.changes"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local outcomes = require "lastpass.mfa.outcomes"

local M = {}

local known = {
  -- the second-factor guard, where there are several
  guard = "string",
  -- whose phone and codes: by name of a token
  people = "table",
  -- kinds of changes; default those after which somebody may not sign in
  kinds = "table",
}

local function default_kinds()
  local kinds = {}
  for _, change in ipairs(change_table.list) do
    if change.status == "disabled" or change.status == "absent" then
      kinds[change.name] = true
    end
  end
  return kinds
end

local function read_kinds(given, level)
  local kinds = {}
  for _, name in ipairs(given) do
    if not change_table.by_name[name] then
      local hint = errors.did_you_mean(name, errors.names_of(change_table.by_name))
      local text = "gateway: second_factor: kinds: there is no kind '%s'%s"
      errors.raise(level + 1, text, tostring(name), hint)
    end
    kinds[name] = true
  end
  return kinds
end

--- Checks the setting; errors raise.
---@param given table guard, people, kinds
---@param level integer
---@return table settings
function M.read(given, level)
  errors.check_options("gateway: second_factor", given, known, level + 1)
  if not given.people or next(given.people) == nil then
    errors.raise(
      level + 1,
      "gateway: second_factor: 'people' must say whose each token is: { NAME = ADDRESS }"
    )
  end
  for name, address in pairs(given.people) do
    if type(address) ~= "string" or not email.check(address) then
      local text = "gateway: second_factor: people: '%s' is no e-mail address"
      errors.raise(level + 1, text, tostring(address or name))
    end
  end
  return {
    guard = given.guard,
    people = given.people,
    kinds = given.kinds and read_kinds(given.kinds, level + 1) or default_kinds(),
  }
end

local function asks_for_it(settings, changes)
  for _, change in ipairs(changes) do
    if settings.kinds[change_table.step_kind(change.kind) or ""] then
      return true
    end
  end
  return false
end

local REQUIRED = "this change asks for a second factor: send the header X-Second-Factor with a "
  .. 'code, or with "push"'

--- Whether changes may be made, as far as a second factor is concerned.
---@param settings table of `read`
---@param token string its name
---@param header string|nil X-Second-Factor
---@param changes lastpass.unified.Change[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "second_factor_required", "second_factor_nobody", "second_factor_refused"; kinds
-- "throttled" and "transport" for what is no refusal
function M.check(settings, token, header, changes)
  if not asks_for_it(settings, changes) then
    return true
  end
  local person = settings.people[token]
  if not person then
    local text = "this change asks for a second factor, and it is not known whose this token is"
    return errors.fail("guard", "second_factor_nobody", text)
  elseif not header or header == "" then
    return errors.fail("guard", "second_factor_required", REQUIRED)
  end
  local result = require("lastpass.nginx.mfa").of(settings.guard):confirm(person, header)
  if result.ok then
    return true
  end
  local text = outcomes.for_user(result.outcome)
  if result.outcome == "throttled" or result.outcome == "locked" then
    local more = { retry_after = result.retry_after }
    return errors.fail("throttled", "second_factor_" .. result.outcome, text, more)
  elseif result.outcome == "unreachable" or result.outcome == "error" then
    return errors.fail("transport", "second_factor_" .. result.outcome, text)
  end
  return errors.fail("guard", "second_factor_refused", text)
end

return M
