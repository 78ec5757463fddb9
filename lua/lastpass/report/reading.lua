--- What a report reads, and the statement of it: the directory as it is or was, folders, events.
-- @module lastpass.report.reading
local errors = require "lastpass.error"
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

---@class lastpass.report.Reading
---@field client lastpass.Client|nil  nil with a stored directory
---@field snapshot lastpass.Snapshot|lastpass.directory.Record|nil
---@field now integer      ages are counted up to this time
---@field read_at integer
---@field query string[]
---@field gaps string[]    what is missing
local methods = {}
local reading_mt = { __name = "lastpass.report.Reading", __index = methods }

local function is_client(value)
  return type(value) == "table"
    and type(value.snapshot) == "function"
    and type(value.option) == "function"
end

local function is_directory(value)
  return type(value) == "table" and type(value.users) == "function" and value.read_at ~= nil
end

local function clock_of(client)
  return math.floor(client:now())
end

local function tenant_of(client)
  return ("%s, account %.0f"):format(client:option "url", tonumber(client:option "cid"))
end

local function count_text(snapshot, is_record)
  if is_record then
    return text.plural(snapshot:count(), "user") .. ", those who are only invited included"
  end
  return ("%s and %s"):format(
    text.plural(snapshot:count(), "user"),
    text.plural(snapshot:invited_count(), "invitation")
  )
end

local function note_directory(reading)
  local snapshot = reading.snapshot
  if reading.is_record then
    reading.query[1] = "a stored directory, read " .. time.iso(snapshot.read_at)
    reading.proof = count_text(snapshot, true)
    return
  end
  reading.query[1] = "getuserdata: everybody, all pages"
  reading.proof = ("the directory was read whole: all pages, %s"):format(count_text(snapshot))
  local odd = snapshot:odd_values()
  if odd > 0 then
    reading.gaps[#reading.gaps + 1] = text.plural(odd, "value") .. " of an unknown form"
  end
end

--- Begins a report: reads the directory unless one is given.
---@param where string how the report is called, for messages
---@param subject lastpass.Client|lastpass.Snapshot|lastpass.directory.Record
---@param needs? table live (boolean): a stored directory does not suffice
---@return lastpass.report.Reading|nil
---@return string? message
---@return lastpass.Error? err
function M.open(where, subject, needs)
  local reading = setmetatable({ query = {}, gaps = {} }, reading_mt)
  if type(subject) == "table" then
    subject = rawget(subject, "_target") or subject -- of a strict client
  end
  if is_client(subject) then
    reading.client = subject
    local snapshot, message, err = subject:snapshot()
    if not snapshot then
      return nil, message, err
    end
    reading.snapshot = snapshot
    reading.now = clock_of(subject)
    reading.read_at = reading.now
  elseif is_directory(subject) then
    reading.client, reading.snapshot = rawget(subject, "_client"), subject
    reading.is_record = reading.client == nil
    if reading.is_record and needs and needs.live then
      errors.raise(2, "%s: a stored directory does not suffice; give a client", where)
    end
    reading.now = reading.client and clock_of(reading.client) or subject.read_at
    reading.read_at = subject.read_at
  else
    errors.raise(2, "%s: needs a client, or a directory as client:snapshot gives it", where)
  end
  note_directory(reading)
  return reading
end

--- Everybody.
---@return fun(): lastpass.User|table|nil iterator
function methods:users()
  return self.snapshot:users()
end

-- Stored directories have no last log-in then.
function methods:never_logged_in(user)
  if self.is_record then
    return user.status ~= "invited" and user.last_login == nil
  end
  return user.never_logged_in
end

--- Shared folders with their users, super admins included.
---@return lastpass.Folder[]|nil
---@return string? message
---@return lastpass.Error? err
function methods:folders()
  local list, message, err = require("lastpass.directory.folders").read(self.client, {})
  if not list then
    return nil, message, err
  end
  self.query[#self.query + 1] = 'getsfdata: all folders, with super admins ("all")'
  return list
end

--- Admins' audit events, oldest first.
---@param from integer UTC, seconds since 1970
---@return lastpass.Event[]|nil
---@return string? message
---@return lastpass.Error? err
function methods:admin_events(from)
  local options = { from = from, admin = true }
  local list, message, err = require("lastpass.directory.events").read(self.client, options)
  if not list then
    return nil, message, err
  end
  self.query[#self.query + 1] = ("reporting: admin events from %s on, %s"):format(
    time.iso(from),
    text.plural(#list, "event")
  )
  return list
end

--- Admins' audit events of the last days.
---@param days number
---@return lastpass.Event[]|nil
---@return string? message
---@return lastpass.Error? err
function methods:recent_admin_events(days)
  return self:admin_events(self.now - days * 86400)
end

--- Users whose master password has expired.
---@return lastpass.ExpiredPassword[]|nil
---@return string? message
---@return lastpass.Error? err
function methods:expired_passwords()
  local list, message, err = require("lastpass.directory.expired_passwords").read(self.client)
  if not list then
    return nil, message, err
  end
  self.query[#self.query + 1] = "expiredmasterpwlist: the whole list"
  return list
end

--- Notes something that is missing: the report is not complete then.
---@param format string
function methods:miss(format, ...)
  self.gaps[#self.gaps + 1] = format:format(...)
end

local plain = { string = true, number = true, boolean = true }

-- Options as the statement keeps them: what is no plain value is described.
local function describe(value)
  if plain[type(value)] then
    return value
  elseif type(value) == "table" and type(value.name) == "string" and value.proof then
    return value.name
  elseif type(value) == "table" then
    local copy = {}
    for name, item in pairs(value) do
      copy[name] = describe(item)
    end
    return copy
  end
  return "(" .. type(value) .. ")"
end

--- The statement of the report.
---@param population string
---@param options? table those in effect
---@return lastpass.report.Statement
function methods:statement(population, options)
  local complete = #self.gaps == 0
  return {
    population = population,
    query = self.query,
    read_at = self.read_at,
    as_of = self.now,
    complete = complete,
    completeness = complete and "complete: " .. self.proof
      or ("not complete: %s (%s)"):format(table.concat(self.gaps, "; "), self.proof),
    tool = "lastpass-lua " .. require "lastpass.version",
    account = self.client and tenant_of(self.client) or "a stored directory",
    options = describe(options or {}),
  }
end

return M
