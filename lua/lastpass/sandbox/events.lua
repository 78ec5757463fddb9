--- The audit events of a company: a seeded history that is never stored, and the log of what
-- happened since. Times are microseconds since 1970 and no two events share one.
-- @module lastpass.sandbox.events
local email = require "lastpass.email"
local names = require "lastpass.sandbox.names"
local time = require "lastpass.time"

local M = {}

local floor = math.floor

-- Action names: as written since about 2024, and as before (enterprise-api §8.1, §8.3). `admin`
-- marks what `admin: 1` of reporting asks for.
local actions = {
  log_in = { "Log in", "Log in" },
  failed_login = { "Failed login attempt", "Failed Login Attempt" },
  saml_login = { "SAML login", "SAML Login" },
  site_added = { "Site added", "Site Added" },
  site_changed = { "Site changed", "Site Changed" },
  deleted_sites = { "Deleted sites", "Deleted Sites" },
  password_changed = { "Password changed", "Password Changed" },
  open_note = { "Open secure note", "Open Secure Note" },
  add_note = { "Add secure note", "Add Secure Note" },
  master_password = { "Master password changed", "Master Password Changed" },
  multifactor = { "Multifactor enabled", "Multifactor Enabled" },
  add_to_folder = { "Add to shared folder", "Add to Shared Folder" },
  folder_permissions = { "Update folder permissions", "Update Folder Permissions" },
  move_to_folder = { "Move to shared folder", "Move to Shared Folder" },
  console = { "Login to admin console", "Login to Admin Console", admin = true },
  edit_policy = { "Edit policy", "Edit Policy", admin = true },
  account_created = { "Employee account created", "Employee Account Created", admin = true },
  account_deleted = { "Employee account deleted", "Employee Account Deleted", admin = true },
  invited = { "Employee invited", "Employee Invited", admin = true },
  reinvited = { "Re-invite user", "Re-invite User", admin = true },
  deactivated = { "Deactivated user", "Deactivated User", admin = true },
  reactivated = { "Reactivated user", "Reactivated User", admin = true },
  removed = { "Remove user from company", "Remove User From Company", admin = true },
  password_reset = { "Password reset", "Password Reset", admin = true },
  require_change = { "Require password change", "Require Password Change", admin = true },
  multifactor_off = {
    "Disabled multifactor authentication",
    "Disabled Multifactor Authentication",
    admin = true,
  },
  create_group = { "Create group", "Create Group", admin = true },
  group_added = { "Adding user to group", "Adding User to Group", admin = true },
  group_removed = { "Remove from group", "Remove from Group", admin = true },
  get_users = { "Get user data", "Get User Data", admin = true },
  get_folders = { "Get shared folder data", "Get Shared Folder Data", admin = true },
  reporting = { "Reporting", "Reporting", admin = true },
  provisioned = { "User provisioned", "User Provisioned", admin = true },
  deprovisioned = { "User deprovisioned", "User Deprovisioned", admin = true },
  token_changed = {
    "SCIM provisioning hash updated",
    "SCIM Provisioning Hash Updated",
    admin = true,
  },
  push_sites = { "Site added", "Site Added", admin = true },
}

local japanese = {
  account_created = "従業員のアカウントを作成しました",
  edit_policy = "ポリシーの編集",
}

local policies = { "Length of master password", "Restrict login by country", "Require multifactor" }

local function site(number)
  return names.sites.display[number % #names.sites.display + 1]
end

local function vid(number)
  return "VID: " .. (100000 + number * 37 % 900000)
end

local function note(number)
  return "Secure Note (" .. vid(number) .. ")"
end

local function folder(number, seeded)
  return seeded:folder_name(number % math.max(1, seeded.folders))
end

local function mail(number, factor, seeded)
  return seeded:mail(number * factor % seeded.users)
end

-- What the history is made of: kind, how many in 100, and the event's Data (enterprise-api §8.2).
local history = {
  { "log_in", 24, site },
  { "log_in", 12, "LastPass via Chrome v4.134.0" },
  { "log_in", 8, "LastPass via Website" },
  {
    "log_in",
    9,
    function(number, seeded)
      return vid(number) .. " from " .. folder(number, seeded)
    end,
  },
  {
    "failed_login",
    7,
    function(number)
      return number % 2 == 0 and "" or site(number)
    end,
  },
  {
    "saml_login",
    5,
    function(number)
      return number % 2 == 0 and "Salesforce" or "Amazon Web Services"
    end,
  },
  { "site_added", 6, vid },
  { "site_changed", 6, vid },
  {
    "deleted_sites",
    2,
    function(number)
      return site(number) .. "," .. site(number + 1)
    end,
  },
  { "password_changed", 4, vid },
  { "open_note", 4, note },
  { "add_note", 1, note },
  { "master_password", 1, "" },
  { "multifactor", 1, "" },
  {
    "add_to_folder",
    2,
    function(number, seeded)
      return ("'%s' '%s'"):format(folder(number, seeded), mail(number, 7, seeded))
    end,
  },
  {
    "folder_permissions",
    1,
    function(number, seeded)
      local who = mail(number, 11, seeded)
      return ("'%s' '%s' 'Read only:no Admin:no Hide PW:no'"):format(folder(number, seeded), who)
    end,
  },
  {
    "move_to_folder",
    1,
    function(number, seeded)
      return site(number) .. " to " .. folder(number, seeded)
    end,
  },
  {
    "console",
    3,
    function(number, seeded)
      return seeded:mail(number % seeded.admins)
    end,
  },
  {
    "edit_policy",
    1,
    function(number)
      return policies[number % #policies + 1] .. " New value: " .. number % 30
    end,
  },
  {
    "group_added",
    1,
    function(number, seeded)
      local group = seeded.group_names[number % #seeded.group_names + 1]
      return mail(number, 3, seeded) .. " - " .. group
    end,
  },
  {
    "account_created",
    1,
    function(number, seeded)
      return mail(number, 5, seeded)
    end,
  },
}

-- 100 slots, the kinds mixed.
local wheel = {}
do
  local slot = 0
  for _, share in ipairs(history) do
    for _ = 1, share[2] do
      wheel[slot * 37 % 100] = share
      slot = slot + 1
    end
  end
end

local minute_text, second_text = {}, {}
for minute = 0, 1439 do
  minute_text[minute] = (" %02d:%02d:"):format(floor(minute / 60), minute % 60)
end
for second = 0, 59 do
  second_text[second] = ("%02d"):format(second)
end

local methods = {}
local events_mt = { __name = "lastpass.sandbox.events", __index = methods }

--- Makes the history and an empty log.
---@param seeded table the seeded company
---@param settings table of lastpass.sandbox.assumptions
---@param options? table `events`: how many in the history (default 20 a person), `history_days`: 30
function M.new(seeded, settings, options)
  options = options or {}
  local self = setmetatable({ seeded = seeded, settings = settings, log = {} }, events_mt)
  self.total = seeded.users > 0 and options.events or seeded.users * 20
  local span = (options.history_days or 30) * 86400 * 1000000
  self.start = seeded.epoch * 1000000 - span
  self.step = self.total > 0 and math.max(1, floor(span / self.total)) or 1
  self.last = seeded.epoch * 1000000
  self.day_text = {}
  return self
end

-- ---- the history ----

local function seeded_time(self, number)
  return self.start + number * self.step + (number * 7919 + self.seeded.salt) % self.step
end

local function seeded_actor(self, number, share)
  if actions[share[1]].admin then
    return number % self.seeded.admins
  end
  return (number * 48271 + self.seeded.salt) % self.seeded.users
end

local function seeded_address(number)
  if number % 29 == 0 then
    return ""
  end
  return (number % 3 == 0 and "198.51.100." or "203.0.113.") .. (1 + number * 13 % 254)
end

local function seeded_event(self, number)
  local share = wheel[number % 100]
  return {
    time = seeded_time(self, number),
    kind = share[1],
    username = self.seeded:mail(seeded_actor(self, number, share)),
    address = seeded_address(number),
    data = type(share[3]) == "string" and share[3] or share[3](number, self.seeded),
  }
end

-- The newest event of the history that is not after a time; -1 when there is none.
local function seeded_before(self, limit)
  local number = math.min(self.total - 1, floor((limit - self.start) / self.step))
  while number >= 0 and seeded_time(self, number) > limit do
    number = number - 1
  end
  return math.max(number, -1)
end

-- ---- the log ----

--- Writes an event.
---@param now integer microseconds; moved on when it is not after the last event
---@param kind string
---@param data string
---@param username string
---@param address string
function methods:append(now, kind, data, username, address)
  self.last = math.max(now, self.last + 1)
  local event =
    { time = self.last, kind = kind, data = data, username = username, address = address }
  local newest = self.log[#self.log]
  if newest and newest.time >= event.time then
    return self:insert({ event })
  end
  table.insert(self.log, event)
end

--- Writes events at times of their own, also long past ones: what reached LastPass late.
---@param list table[] `time` (microseconds; moved on when there is an event at it), `label` or `kind`,
-- `data`, `username`, `address`
function methods:insert(list)
  for _, event in ipairs(list) do
    table.insert(self.log, event)
  end
  for at, event in ipairs(self.log) do
    event.position = at -- table.sort does not keep the order of equals
  end
  table.sort(self.log, function(a, b)
    if a.time ~= b.time then
      return a.time < b.time
    end
    return a.position < b.position
  end)
  for at = 2, #self.log do
    self.log[at].time = math.max(self.log[at].time, self.log[at - 1].time + 1)
  end
end

--- Writes many events as the history would have them, evenly over a stretch of time.
---@param from number microseconds
---@param span number microseconds
---@param count integer
---@param duplicates integer every so many-th comes twice within its second, with the same texts; 0: none
function methods:burst(from, span, count, duplicates)
  local list = {}
  for number = 0, count - 1 do
    local event = seeded_event(self, number)
    event.time = floor(from + number * span / count)
    list[#list + 1] = event
    if duplicates > 0 and number % duplicates == 0 then
      local second = event.time - event.time % 1000000
      local copy = {}
      for name, value in pairs(event) do
        copy[name] = value
      end
      copy.time = math.min(event.time + 1, second + 999999)
      list[#list + 1] = copy
    end
  end
  self:insert(list)
end

-- The last entry of the log that is not after a time.
local function logged_before(self, limit)
  local low, high = 0, #self.log
  while low < high do
    local middle = floor((low + high + 1) / 2)
    if self.log[middle].time <= limit then
      low = middle
    else
      high = middle - 1
    end
  end
  return low
end

-- ---- reading ----

--- A time as the account writes it.
function methods:time_text(microseconds)
  local civil = floor((self.seeded.zone:to_local(floor(microseconds / 1000000))))
  local day = floor(civil / 86400)
  local rest = civil - day * 86400
  local text = self.day_text[day]
  if not text then
    text = time.format_civil(day * 86400):sub(1, 10)
    self.day_text[day] = text
  end
  return text .. minute_text[floor(rest / 60)] .. second_text[rest % 60]
end

--- The name of an event's action, in the spelling of the settings.
function methods:label(event)
  if event.label then
    return event.label
  end
  local style = self.settings.action_names
  if style == "japanese" and japanese[event.kind] then
    return japanese[event.kind]
  end
  return actions[event.kind][style == "title" and 2 or 1]
end

local function satisfies(self, query, event)
  if query.admin and not (event.kind and actions[event.kind].admin) then
    return false
  elseif query.search then
    local texts = { self:label(event), event.data, event.username, event.address }
    return table.concat(texts, "\n"):lower():find(query.search, 1, true) ~= nil
  end
  return true
end

-- Cheap refusals before an event of the history is made.
local function seeded_may_match(self, query, number)
  local share = wheel[number % 100]
  if query.admin and not actions[share[1]].admin then
    return false
  end
  return query.user_index == nil or seeded_actor(self, number, share) == query.user_index
end

--- Calls a function with the events of a query, newest first, until it returns false.
---@param query table `from`, `to`: microseconds, both included; `user`: an account key, `user_index`
-- when the seed knows them, `admin`, `search` in lower case
---@param call fun(event: table): boolean|nil
function methods:walk(query, call)
  local from = query.from or -math.huge
  local at = logged_before(self, query.to)
  local number = -1
  if not query.user or query.user_index then
    number = seeded_before(self, query.to)
  end
  while at >= 1 or number >= 0 do
    local logged, seeded = self.log[at], number >= 0 and seeded_time(self, number)
    local event
    if logged and (not seeded or logged.time > seeded) then
      at = at - 1
      if logged.time < from then
        return
      elseif not query.user or email.fold(logged.username) == query.user then
        event = logged
      end
    else
      if seeded < from then
        return
      elseif seeded_may_match(self, query, number) then
        event = seeded_event(self, number)
      end
      number = number - 1
    end
    if event and satisfies(self, query, event) and call(event) == false then
      return
    end
  end
end

return M
