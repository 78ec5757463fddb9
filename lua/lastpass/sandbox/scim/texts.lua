--- Users of the seed as JSON for lists, out of pieces made beforehand: what `users.resource` and the server would make
-- of them, at the speed of memory. Like getuserdata's, this is the hot path of the sandbox.
-- @module lastpass.sandbox.scim.texts
local groups = require "lastpass.sandbox.company.groups"
local json = require "lastpass.json"
local names = require "lastpass.sandbox.names"
local schema = require "lastpass.scim.schema"
local time = require "lastpass.time"

local M = {}

local methods = {}
local texts_mt = { __index = methods }

--- Makes the pieces for a company.
function M.new(company)
  local seeded = company.seeded
  local self = {
    company = company,
    given = {},
    full = {},
    last = {},
    groups = {},
    shifts = {},
    seconds = {},
    clocks = {},
  }
  for at = 0, seeded.first_count - 1 do
    self.given[at] = json.encode(names.first.display[at + 1]):sub(2, -2)
  end
  for at = 0, seeded.last_count - 1 do
    local name = names.last.display[at + 1]
    -- the last word is the family name, what is before it belongs to the given name
    local head, word = name:match "^(.-)%s+(%S+)$"
    self.full[at] = json.encode(name):sub(2, -2)
    self.last[at] = {
      head and " " .. json.encode(head):sub(2, -2) or "",
      json.encode(word or name):sub(2, -2),
    }
  end
  for number, name in ipairs(seeded.group_names) do
    local group =
      { value = ("%d"):format(groups.id_of_seed(number)), display = name, type = "direct" }
    self.groups[number] = json.encode(group)
  end
  self.schemas = json.encode { schema.URN.user }
  return setmetatable(self, texts_mt)
end

-- How far UTC is from the account's time on a day, by what a morning of it is in both.
local function shift_of(self, day)
  local shift = self.shifts[day]
  if not shift then
    local morning = day .. " 09:00:00"
    self.utc = self.utc or time.zone "UTC"
    shift = time.parse(morning, self.company.zone) - time.parse(morning, self.utc)
    self.shifts[day] = shift
  end
  return shift
end

-- "2018-06-07", "09:24:00" -> "2018-06-07T13:24:00Z"
local function moment(self, day, clock)
  local seconds = self.seconds[clock]
  if not seconds then
    local hour, minute, second = clock:match "(%d+):(%d+):(%d+)"
    seconds = hour * 3600 + minute * 60 + second
    self.seconds[clock] = seconds
  end
  seconds = seconds + shift_of(self, day)
  if seconds < 0 or seconds >= 86400 then
    return time.iso((time.parse(day .. " " .. clock, self.company.zone)))
  end
  local text = self.clocks[seconds]
  if not text then
    text = "T" .. time.iso(seconds):sub(12)
    self.clocks[seconds] = text
  end
  return day .. text
end

local function groups_of(self, index)
  local everybody, department, third = self.company.seeded:groups(index)
  if not everybody then
    return ""
  end
  local of = self.groups
  return ',"groups":['
    .. of[everybody]
    .. ","
    .. of[department]
    .. (third and "," .. of[third] or "")
    .. "]"
end

--- A user whom nobody has changed.
---@param index integer
---@param about {base: string, etag: boolean} as of a query
---@return string
function methods:user(index, about)
  local seeded = self.company.seeded
  local pair = seeded:name_pair(index)
  local first, last = pair % seeded.first_count, pair % seeded.last_count
  local given, parts = self.given[first], self.last[last]
  local fullname, mail = given .. " " .. self.full[last], seeded:mail(index)
  local id, when = ("%d"):format(seeded:id(index)), moment(self, seeded:joined(index))
  return (seeded:flags(index) and '{"active":false' or '{"active":true')
    .. ',"displayName":"'
    .. fullname
    .. '","emails":[{"primary":true,"type":"work","value":"'
    .. mail
    .. '"}]'
    .. groups_of(self, index)
    .. ',"id":"'
    .. id
    .. '","meta":{"created":"'
    .. when
    .. '","lastModified":"'
    .. when
    .. '","location":"'
    .. about.base
    .. "/Users/"
    .. id
    .. '","resourceType":"User"'
    .. (about.etag and ',"version":"W/\\"0\\""}' or "}")
    .. ',"name":{"familyName":"'
    .. parts[2]
    .. '","formatted":"'
    .. fullname
    .. '","givenName":"'
    .. given
    .. parts[1]
    .. '"},"schemas":'
    .. self.schemas
    .. ',"userName":"'
    .. mail
    .. '"}'
end

return M
