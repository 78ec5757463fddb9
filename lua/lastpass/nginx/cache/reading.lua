--- Reads a company's directory and folders, and keeps the replies as they came.
-- @module lastpass.nginx.cache.reading
local errors = require "lastpass.error"
local folders_room = require "lastpass.directory.folders"
local json = require "lastpass.json"
local page_writer = require "lastpass.nginx.cache.page_writer"
local pages_room = require "lastpass.enterprise.pages"

local M = {}

local SLICE = 256 * 1024 -- bytes that are read without letting others run

-- Hands a reply to what reads it, in slices.
local function feed(sink, body, pause)
  for from = 1, #body, SLICE do
    if not sink:feed(body:sub(from, from + SLICE - 1)) then
      return errors.fail("protocol", "bad_reply", "the reply is not acceptable")
    end
    pause()
  end
  return true
end

-- A transport that keeps the replies that a sink takes.
local keeper = {}
local keeper_mt = { __name = "lastpass.nginx.KeepingTransport", __index = keeper }

--- Sends a request, with its reply kept whole and given to its sink afterwards, in slices.
---@param request lastpass.Request
---@return lastpass.Response?
---@return string? message
---@return lastpass.Error?
function keeper:send(request)
  local sink = request.sink
  local whole = {}
  for name, value in pairs(request) do
    whole[name] = value
  end
  whole.sink = nil
  local response, message, err = self._inner:send(whole)
  if not response or response.status ~= 200 then
    return response, message, err
  elseif not sink then
    return response
  end
  local body = response.body
  local ok
  ok, message, err = feed(sink, body, self._pause)
  if not ok then
    return nil, message, err
  end
  self.bodies[sink] = body
  response.body = ""
  return response
end

-- The client with such a transport; all else is the same.
local function keeping(client, pause)
  local transport = setmetatable({
    _inner = client:transport(),
    _pause = pause,
    bodies = setmetatable({}, { __mode = "k" }),
  }, keeper_mt)
  return client:with { transport = transport }, transport
end

-- Everybody, into a writer of pages; all pages are proven to fit together.
local function read_users(client, writer, pause)
  local reader, transport = keeping(client, pause)
  local begun = false
  local rows, message, err = pages_room.read(reader, nil, function(index, page)
    if index == 0 and begun then
      writer:restart()
    end
    begun = true
    local body = transport.bodies[page]
    transport.bodies[page] = nil
    writer:write(index, body, pause)
  end)
  if not rows then
    return nil, message, err
  end
  local count = #rows
  rows:close()
  return count
end

local FOLDERS_A_PAGE = 50 -- so much is decoded at once

-- The folders, as a list of them on each page.
local function read_folders(client, writer, pause)
  local list, message, err = folders_room.read(client, {})
  if not list then
    return nil, message, err
  end
  for first = 1, math.max(#list, 1), FOLDERS_A_PAGE do
    local some = json.list {}
    for place = first, math.min(first + FOLDERS_A_PAGE - 1, #list) do
      json.list(list[place].users)
      some[#some + 1] = list[place]
    end
    writer:write((first - 1) / FOLDERS_A_PAGE, json.encode(some), pause)
  end
  return #list
end

local readers = { users = read_users, folders = read_folders }

--- Reads users or folders and publishes them for all workers.
---@param client lastpass.Client
---@param what "users"|"folders"
---@param name string of the pages
---@param read_at integer epoch seconds
---@param options table pause (lets others run), may_publish (asked last)
---@return integer|nil count how many there are
---@return string? message
---@return lastpass.Error? err
function M.publish(client, what, name, read_at, options)
  local writer = page_writer.new(name)
  local ok, count, message, err = pcall(readers[what], client, writer, options.pause)
  if not ok then
    writer:discard()
    error(count, 0)
  elseif not count then
    writer:discard()
    return nil, message, err
  end
  local pointer
  pointer, message, err = writer:publish(read_at, options.may_publish)
  if not pointer then
    return nil, message, err
  end
  return count
end

return M
