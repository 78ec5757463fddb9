--- All entries that a search finds, page by page (RFC 2696). It ends well only when the server has
-- said that there are no more: a limit, a lost connection, a part on another server are failures.
-- @module lastpass.source.ldap_search
local ldap_connection = require "lastpass.source.ldap_connection"

local M = {}

local fail = ldap_connection.fail

local search = {}
local search_mt = { __index = search, __name = "lastpass.source.ldap_search" }

-- Seconds of one wait: between two of them Lua can be interrupted.
local SLICE = 1

-- Seconds that the whole reading still has; nil without a limit.
local function time_left(self)
  return self._deadline and self._deadline - self._now()
end

local function fail_late(self)
  return fail(self._where, "the reading took too long", 3, {
    hint = "see the option 'time_limit'",
  })
end

-- The next message of a search; waits for it as long as the option `timeout` says.
local function next_message(self, number)
  local waited, left = 0, time_left(self)
  while waited < self._timeout and not (left and left <= 0) do
    local slice = math.min(SLICE, self._timeout - waited, left or SLICE)
    local kind, first, second = self._connection:next(number, slice)
    if not kind then
      return fail(self._where, first, second)
    elseif kind ~= "nothing" then
      return kind, first, second
    end
    waited, left = waited + slice, time_left(self)
  end
  self._connection:abandon(number)
  if left and left <= 0 then
    return fail_late(self)
  end
  local reason = ("nothing came from the server for %g seconds"):format(self._timeout)
  return fail(self._where, reason, -5)
end

local function send(self, request)
  request.time_limit = time_left(self)
  if request.time_limit and request.time_limit <= 0 then
    return fail_late(self)
  end
  local number, message, code = self._connection:search(request)
  if not number then
    return fail(self._where, message, code)
  end
  return number
end

local function next_page(self)
  self._request.cookie = self._cookie
  local message, err
  self._number, message, err = send(self, self._request)
  if not self._number then
    return nil, message, err
  end
  self.pages = self.pages + 1
  return true
end

local function add_references(self, urls)
  for _, url in ipairs(urls) do
    if not self._known_references[url] then
      self._known_references[url] = true
      self.references[#self.references + 1] = url
    end
  end
end

-- Parts of the directory on another server were not searched (RFC 4511 §4.5.3).
local function check_references(self)
  if #self.references == 0 or self._ignore_references then
    return true
  end
  local message = "parts of the directory are on other servers and were not read: "
    .. table.concat(self.references, ", ")
  return fail(self._where, message, 10, {
    hint = "if none of them is wanted: referrals = 'ignore'",
  })
end

-- The end of a page, or of all of them.
local function end_page(self, result)
  self._number = nil
  add_references(self, result.referrals)
  if result.code ~= 0 then
    local message = result.message
    if result.code == 10 then
      message = "the whole base is on another server: " .. table.concat(result.referrals, ", ")
    elseif result.code == 32 then
      message = result.matched and ("%s; the nearest there is '%s'"):format(message, result.matched)
        or message
    elseif self.entries > 0 then
      message = ("%s after %d entries"):format(message, self.entries)
    end
    return fail(self._where, message, result.code)
  end
  self._cookie = result.cookie
  self._ended = not result.cookie
  if self._ended then
    return check_references(self)
  end
  return true
end

-- The values from a position on of an attribute that is too long to come whole.
local function read_range(self, dn, name, first)
  local number, message, err = send(self, {
    base = dn,
    scope = "base",
    filter = "(objectClass=*)",
    attributes = { ("%s;range=%d-*"):format(name, first) },
  })
  if not number then
    return nil, message, err
  end
  local found
  while true do
    local kind, one, attributes = next_message(self, number)
    if not kind then
      return nil, one, attributes
    elseif kind == "entry" then
      found = attributes
    elseif kind == "done" and one.code ~= 0 then
      return fail(self._where, one.message, one.code)
    elseif kind == "done" then
      return found or {}
    end
  end
end

-- "member;range=0-1499" -> "member", 0, 1499 (nil when these are the last ones)
local function parse_range(name)
  local attribute, first, last = name:match "^(.-);range=(%d+)%-([%d*]+)$"
  return attribute, tonumber(first), tonumber(last)
end

-- Active Directory hands out at most some 1,500 values of an attribute at a time, under a name with
-- the range ([MS-ADTS] §3.1.1.3.1.3.3). Left at that, most members of a group would look gone.
local function read_rest(self, dn, name, values, last)
  while last do
    local more, message, err = read_range(self, dn, name, last + 1)
    if not more then
      return nil, message, err
    end
    local advanced = false
    for part, some in pairs(more) do
      local attribute, first, new_last = parse_range(part)
      if attribute == name and first == last + 1 then
        for _, value in ipairs(some) do
          values[#values + 1] = value
        end
        advanced, last = true, new_last
        break
      end
    end
    if not advanced then
      local reason = ("'%s' has more values of '%s' than it gives"):format(dn, name)
      return fail(self._where, reason, -4)
    end
  end
  return values
end

local function complete_ranges(self, dn, attributes)
  local ranged = {}
  for name in pairs(attributes) do
    if name:find(";range=", 1, true) then
      ranged[#ranged + 1] = name
    end
  end
  for _, name in ipairs(ranged) do
    local attribute, _, last = parse_range(name)
    if attribute then
      local values, message, err = read_rest(self, dn, attribute, attributes[name], last)
      if not values then
        return nil, message, err
      end
      attributes[name], attributes[attribute] = nil, values
    end
  end
  return attributes
end

-- The next message of the page at hand, or the first one of the next page.
local function receive(self)
  if not self._number then
    local ok, message, err = next_page(self)
    if not ok then
      return nil, message, err
    end
  end
  return next_message(self, self._number)
end

-- What a message gives: an entry; or nothing to hand out; or nil, message, err.
local function process_message(self, kind, first, second)
  if not kind then
    return nil, first, second
  elseif kind == "entry" then
    if self.entries == self._request.size_limit then
      local message = ("there are more than %d entries"):format(self.entries)
      return fail(self._where, message, 4, { hint = "see the option 'size_limit'" })
    end
    self.entries = self.entries + 1
    local attributes, message, err = complete_ranges(self, first, second)
    if not attributes then
      return nil, message, err
    end
    return first, attributes
  elseif kind == "reference" then
    add_references(self, first)
    return nil
  end
  local _, message, err = end_page(self, first)
  return nil, message, err
end

--- Sends the search and waits for the first message, which shows whether it can be answered.
---@return boolean|nil
---@return string? message
---@return lastpass.Error? err code "no_such_base", "bad_filter", "no_permission", …
function search:begin()
  local kind, first, second = receive(self)
  if not kind then
    return nil, first, second
  elseif kind == "done" and first.code ~= 0 then
    return end_page(self, first)
  end
  self._waiting = { kind, first, second }
  return true
end

--- The next entry.
---@return string|nil dn nil at the end
---@return table<string, string[]>|string attributes by their names in lower case; or the message
---@return lastpass.Error? err the same on every further call
function search:next()
  while not self._ended and not self._failure do
    local waiting = self._waiting
    self._waiting = nil
    local dn, attributes, err
    if waiting then
      dn, attributes, err = process_message(self, waiting[1], waiting[2], waiting[3])
    else
      dn, attributes, err = process_message(self, receive(self))
    end
    if dn then
      return dn, attributes
    end
    self._failure = err
  end
  local failure = self._failure
  return nil, failure and failure.message, failure
end

--- Begins a search; nothing is sent yet.
---@param connection userdata of `ldap_connection`
---@param request table {base, scope, filter, attributes, page_size, size_limit}
---@param settings table {where = what messages begin with, timeout, referrals, now = function() ->
-- seconds, deadline = on that clock}
---@return table search with `begin`, `next`, `pages`, `entries`, `references`
function M.new(connection, request, settings)
  if #request.attributes == 0 then
    request.attributes = { "1.1" } -- none; an empty list would ask for all (RFC 4511 §4.5.1.8)
  end
  return setmetatable({
    pages = 0,
    entries = 0,
    references = {},
    _connection = connection,
    _request = request,
    _where = settings.where,
    _timeout = settings.timeout,
    _now = settings.now,
    _deadline = settings.deadline,
    _ignore_references = settings.referrals == "ignore",
    _known_references = {},
  }, search_mt)
end

return M
