--- Reads a company's users and folders and publishes the replies as they came; and makes the copy of a worker
-- from them.
-- @module lastpass.nginx.cache.reading
local client_pages = require "lastpass.enterprise.pages"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local folders_module = require "lastpass.directory.folders"
local json = require "lastpass.json"
local pages = require "lastpass.nginx.cache.pages"

local M = {}

local SLICE = 256 * 1024 -- bytes that are read without a pause

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

-- A transport that stores the replies that sinks take.
local recorder = {}
local recorder_mt = { __name = "lastpass.nginx.RecordingTransport", __index = recorder }

--- Sends a request, stores its reply and feeds it to the request's sink afterwards, in slices.
---@param request lastpass.Request
---@return lastpass.Response?
---@return string? message
---@return lastpass.Error?
function recorder:send(request)
  local sink = request.sink
  local whole = {}
  for name, value in pairs(request) do
    whole[name] = value
  end
  whole.sink = nil
  local response, message, err = self._inner:send(whole)
  if not response or response.status ~= 200 or not sink then
    return response, message, err
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

-- All users, into a writer of pages; it is proven that all pages fit together.
local function read_users(client, writer, pause)
  local transport = setmetatable({
    _inner = client:transport(),
    _pause = pause,
    bodies = setmetatable({}, { __mode = "k" }),
  }, recorder_mt)
  local begun = false
  local recording = client:with { transport = transport }
  local rows, message, err = client_pages.read(recording, nil, function(index, page)
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
  local list, message, err = folders_module.read(client, {})
  if not list then
    return nil, message, err
  end
  for first = 1, math.max(#list, 1), FOLDERS_A_PAGE do
    local some = json.list {}
    for position = first, math.min(first + FOLDERS_A_PAGE - 1, #list) do
      json.list(list[position].users)
      some[#some + 1] = list[position]
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
  local writer = pages.writer(name)
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

local function build_users(name, pointer, pause)
  local whole = core.snapshot()
  for page = 0, pointer.pages - 1 do
    local part = core.snapshot()
    local ok, message = pages.each_piece(name, pointer, page, function(piece)
      local fed, why = part:feed(piece)
      pause()
      return fed, why
    end)
    if ok then
      ok, message = part:finish()
    end
    if not ok then
      part:close()
      whole:close()
      return nil, message
    end
    whole:append(part)
    part:close()
    pause()
  end
  return whole:seal()
end

local function build_folders(name, pointer, pause)
  local list = {}
  for page = 0, pointer.pages - 1 do
    local parts = {}
    local ok, message = pages.each_piece(name, pointer, page, function(piece)
      parts[#parts + 1] = piece
      return true
    end)
    local some
    if ok then
      some, message = json.decode(table.concat(parts))
    end
    if not some then
      return nil, message
    end
    for _, fields in ipairs(some) do
      list[#list + 1] = folders_module.restore(fields)
    end
    pause()
  end
  return list
end

--- Makes a worker's own copy from the pages that all workers share.
M.build = {
  --- A sealed snapshot of the core, or nil and a message: "gone" when that reading does not exist any more.
  ---@type fun(name: string, pointer: lastpass.nginx.Pointer, pause: fun()): userdata|nil, string?
  users = build_users,
  --- The same with the folders.
  ---@type fun(name: string, pointer: lastpass.nginx.Pointer, pause: fun()): lastpass.Folder[]|nil, string?
  folders = build_folders,
}

return M
