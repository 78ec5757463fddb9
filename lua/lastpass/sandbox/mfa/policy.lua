--- Access policies of the phones, as far as the API shows their effect (mfa §2.1, §5): addresses, hours, a fence.
-- @module lastpass.sandbox.mfa.policy
local schema = require "lastpass.sandbox.schema"

local M = {}

-- An IPv4 address as a number; nil for anything else.
local function number_of(address)
  local a, b, c, d = address:match "^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$"
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  if not a or a > 255 or b > 255 or c > 255 or d > 255 then
    return nil
  end
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function is_network(text)
  local address, bits = text:match "^([%x:.]+)/?(%d*)$"
  if not address then
    return false
  elseif bits ~= "" then
    return number_of(address) ~= nil and tonumber(bits) <= 32
  end
  return number_of(address) ~= nil or address:find(":", 1, true) ~= nil
end

local function is_networks(value)
  local is_good = schema.is_strings(value) and #value > 0
  for _, network in ipairs(is_good and value or {}) do
    is_good = is_good and is_network(network)
  end
  return is_good, "a list of addresses, or of networks such as 192.0.2.0/24"
end

local function minutes(text)
  local hour, minute = text:match "^(%d%d):(%d%d)$"
  hour, minute = tonumber(hour), tonumber(minute)
  return hour and hour < 24 and minute < 60 and hour * 60 + minute or nil
end

local function read_hours(text)
  local from, to = text:match "^(%S+)%-(%S+)$"
  from, to = from and minutes(from), to and minutes(to)
  return from and to and from ~= to and from, to
end

local function is_hours(value)
  return type(value) == "string" and read_hours(value) ~= nil, "a span such as 08:00-18:00"
end

--- `geofence`: networks within the fence, as a place is told from the address; `ip_allow`: networks that may ask;
-- `hours`: in the company's time zone, over midnight as well.
M.known = { geofence = is_networks, ip_allow = is_networks, hours = is_hours }

local function holds(networks, address)
  local number = number_of(address)
  for _, network in ipairs(networks) do
    local start, bits = network:match "^([^/]+)/?(%d*)$"
    local first = number_of(start)
    if number and first then
      local size = 2 ^ (32 - (bits ~= "" and tonumber(bits) or 32))
      if math.floor(number / size) == math.floor(first / size) then
        return true
      end
    elseif start:lower() == address:lower() then
      return true
    end
  end
  return false
end

local function is_open(company, hours)
  local from, to = read_hours(hours)
  local civil = company.zone:to_local(company.clock:seconds())
  local now = math.floor(civil % 86400 / 60)
  if from < to then
    return now >= from and now < to
  end
  return now >= from or now < to
end

--- What a policy refuses a request with.
---@param company table
---@param policy table|nil
---@param address string the end user's, "" when it is not known
---@return string|nil status a value of AuthStatus
function M.refusal(company, policy, address)
  if not policy then
    return nil
  elseif policy.ip_allow and not holds(policy.ip_allow, address) then
    return "Denied by Policy"
  elseif policy.hours and not is_open(company, policy.hours) then
    return "Denied by Policy"
  elseif policy.geofence then
    if address == "" then
      return "No Location"
    end
    return not holds(policy.geofence, address) and "Denied by Geofencing" or nil
  end
  return nil
end

return M
