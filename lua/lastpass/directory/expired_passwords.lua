--- Users whose master password has expired (enterprise-api §4.12).
-- @module lastpass.directory.expired_passwords
local errors = require "lastpass.error"

local M = {}

---@class lastpass.ExpiredPassword
---@field id integer
---@field email string
---@field last_password_change number|nil UTC, seconds since 1970

local function read_item(client, item)
  local time = require "lastpass.time"
  local changed = item.last_pw_change
  local civil = type(changed) == "string" and time.parse_civil(changed)
  return {
    id = item.user_id,
    email = item.user_name,
    last_password_change = civil and (client:zone():to_utc(civil)) or nil,
  }
end

local function unexpected(message)
  return errors.fail("protocol", "unexpected_shape", "expiredmasterpwlist: " .. message, {
    command = "expiredmasterpwlist",
  })
end

--- Reads the whole list, following its tokens.
---@return lastpass.ExpiredPassword[]|nil
---@return string? message
---@return lastpass.Error? err
function M.read(client)
  local list, tokens, token = {}, {}, nil
  repeat
    local reply, message, err = client:expiredmasterpwlist { continuation_token = token }
    if not reply then
      return nil, message, err
    end
    if type(reply.items) ~= "table" then
      return unexpected "the reply has no items"
    end
    for _, item in ipairs(reply.items) do
      if type(item) ~= "table" or type(item.user_name) ~= "string" then
        return unexpected "the reply has an item without a user"
      end
      list[#list + 1] = read_item(client, item)
    end
    local continuation = type(reply.continuation) == "table" and reply.continuation or {}
    token = type(continuation.token) == "string" and continuation.token ~= "" and continuation.token
      or nil
    if token and tokens[token] then
      return errors.fail(
        "protocol",
        "repeated_token",
        "expiredmasterpwlist: the same token came twice",
        {
          command = "expiredmasterpwlist",
        }
      )
    end
    if token then
      tokens[token] = true
    end
  until not token
  return list
end

return M
