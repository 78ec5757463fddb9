--- Waivers: findings that somebody has accepted, for a reason and until a day.
-- @module lastpass.report.check.waivers
local email = require "lastpass.email"
local errors = require "lastpass.error"
local time = require "lastpass.time"

local M = {}

---@class lastpass.report.Waiver
---@field rule string
---@field subject string  address or name; "*" stands for any characters
---@field expires string  the last day on which it holds: "2026-12-31", in the account's zone
---@field reason string
---@field by? string      who has accepted it

local fields = {
  rule = "string",
  subject = "string",
  expires = "string",
  reason = "string",
  by = "string",
}

--- Checks a waiver and adds it.
---@param list lastpass.report.Waiver[]
---@param given lastpass.report.Waiver
---@param level integer
function M.add(list, given, level)
  errors.check_options("waive", given, fields, level + 1)
  for _, name in ipairs { "rule", "subject", "expires", "reason" } do
    if not given or not given[name] or given[name] == "" then
      errors.raise(level + 1, "waive: the field '%s' is missing", name)
    end
  end
  local day = given.expires:match "^%d%d%d%d%-%d%d%-%d%d$"
  local civil = day and time.parse_civil(day .. " 00:00:00")
  if not civil then
    errors.raise(
      level + 1,
      "waive: expires is a day such as \"2026-12-31\", not '%s'",
      given.expires
    )
  end
  local copy = { civil = civil }
  for name, value in pairs(given) do
    copy[name] = value
  end
  list[#list + 1] = copy
end

local function to_pattern(subject)
  local escaped = email.fold(subject):gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*")
  return "^" .. escaped .. "$"
end

--- Makes waivers ready: which hold now, and what they match.
---@param list lastpass.report.Waiver[]
---@param zone lastpass.Zone
---@param now integer
function M.prepare(list, zone, now)
  for _, waiver in ipairs(list) do
    waiver.pattern = to_pattern(waiver.subject)
    waiver.holds = now < zone:to_utc(waiver.civil + 86400)
    waiver.used = 0
  end
end

--- The waiver for a finding. One that holds goes before one that has expired.
---@param list lastpass.report.Waiver[]
---@param rule string
---@param subject string
---@return lastpass.report.Waiver|nil
function M.find(list, rule, subject)
  local key, expired = email.fold(subject), nil
  for _, waiver in ipairs(list) do
    if waiver.rule == rule and key:find(waiver.pattern) then
      if waiver.holds then
        waiver.used = waiver.used + 1
        return waiver
      end
      expired = expired or waiver
    end
  end
  if expired then
    expired.used = expired.used + 1
  end
  return expired
end

return M
