--- The time limits in a configuration of nginx: for each place that hands requests on, how long nginx waits for the answer there,
-- inherited limits and defaults included.
-- @module lastpass.mfa.doctor.nginx_times
local errors = require "lastpass.error"

local M = {}

local MOST_BYTES, MOST_DEPTH = 4 * 2 ^ 20, 64

-- What hands a request on, the limit of its answer, and the limit's default in seconds.
local passes = {
  proxy_pass = { "proxy_read_timeout", 60 },
  fastcgi_pass = { "fastcgi_read_timeout", 60 },
  uwsgi_pass = { "uwsgi_read_timeout", 60 },
  scgi_pass = { "scgi_read_timeout", 60 },
  grpc_pass = { "grpc_read_timeout", 60 },
}
-- In `stream` it hands on messages, RADIUS among them.
local stream_pass = { "proxy_timeout", 600 }

local is_limit = { proxy_timeout = true }
for _, pass in pairs(passes) do
  is_limit[pass[1]] = true
end

local units = {
  ms = 0.001,
  s = 1,
  m = 60,
  h = 3600,
  d = 86400,
  w = 604800,
  M = 2592000,
  y = 31536000,
}

-- "60", "90s", "1m 30s", "1m30s"; nil for what is none, such as a variable.
local function seconds_of(text)
  local total, at = 0, 1
  while at <= #text do
    local number, unit, stop = text:match("^%s*(%d+)(%a*)()", at)
    local factor = number and (unit == "" and 1 or units[unit])
    if not factor then
      return nil
    end
    total, at = total + number * factor, stop
  end
  return at > 1 and total or nil
end

-- Where a block of Lua ends: braces in its strings and comments do not count.
local function end_of_lua(text, at)
  local depth = 1
  while depth > 0 do
    local found = text:find("[{}\"'%-%[]", at)
    if not found then
      return nil
    end
    local character = text:sub(found, found)
    at = found + 1
    if character == "{" then
      depth = depth + 1
    elseif character == "}" then
      depth = depth - 1
    elseif character == '"' or character == "'" then
      while true do
        local stop = text:find("[\\" .. character .. "]", at)
        if not stop then
          return nil
        end
        at = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
        if text:sub(stop, stop) == character then
          break
        end
      end
    else
      local is_comment = text:sub(found, found + 1) == "--"
      local bracket = is_comment and found + 2 or found
      local equals = text:match("^%[(=*)%[", bracket)
      if equals then
        local _, stop = text:find("]" .. equals .. "]", bracket, true)
        if not stop then
          return nil
        end
        at = stop + 1
      elseif is_comment then
        at = (text:find("\n", at, true) or #text) + 1
      end
    end
  end
  return at
end

-- The next word from a position on: its kind ("word", "{", "}", ";"), its text, and where it ends; nil at the end of the text, or
-- when a quoted word does not end.
local function next_word(text, at)
  while true do
    at = text:find("%S", at)
    if not at then
      return "end"
    elseif text:sub(at, at) ~= "#" then
      break
    end
    at = text:find("\n", at, true) or #text + 1
  end
  local first = text:sub(at, at)
  if first == "{" or first == "}" or first == ";" then
    return first, first, at + 1
  elseif first == '"' or first == "'" then
    local from = at + 1
    while true do
      local stop = text:find("[\\" .. first .. "]", from)
      if not stop then
        return nil
      elseif text:sub(stop, stop) == first then
        return "word", text:sub(at + 1, stop - 1), stop + 1
      end
      from = stop + 2
    end
  end
  -- ${name} and escaped characters belong to a word
  local from = at
  while true do
    local stop = text:find("[%s;{}\\]", from)
    if not stop then
      return "word", text:sub(at), #text + 1
    elseif text:sub(stop, stop) == "\\" then
      from = stop + 2
    elseif text:sub(stop, stop) == "{" and text:sub(stop - 1, stop - 1) == "$" then
      from = (text:find("}", stop, true) or #text) + 1
    else
      return "word", text:sub(at, stop - 1), stop
    end
  end
end

-- A block's limits are its own, and those of what it stands in.
local function open_block(parent, name)
  return {
    parent = parent,
    name = name,
    limits = setmetatable({}, { __index = parent and parent.limits }),
    passes = {},
    is_stream = name == "stream" or (parent ~= nil and parent.is_stream),
  }
end

local function close_block(block, found)
  for _, one in ipairs(block.passes) do
    local set = block.limits[one.pass[1]]
    found[#found + 1] = {
      directive = one.pass[1],
      seconds = set and set.seconds or one.pass[2],
      line = set and set.line or one.line,
      is_default = set == nil,
    }
  end
end

local function take_directive(block, words, line)
  local name = words[1]
  if is_limit[name] and words[2] then
    local seconds = seconds_of(table.concat(words, " ", 2))
    block.limits[name] = seconds and { seconds = seconds, line = line } or nil
  end
  local pass = block.is_stream and name == "proxy_pass" and stream_pass or passes[name]
  if pass and not (block.is_stream and pass ~= stream_pass) then
    table.insert(block.passes, { pass = pass, line = line })
  end
end

local function refuse(name, line, what)
  return errors.fail("argument", "bad_configuration", ("%s:%d: %s"):format(name, line, what), {
    hint = "nginx -t says whether nginx can read it",
  })
end

-- The same limit stands over many locations; it is listed once.
local function distinct(found)
  local seen, list = {}, {}
  for _, one in ipairs(found) do
    local key = one.directive .. " " .. one.line
    if not seen[key] then
      seen[key] = true
      list[#list + 1] = one
    end
  end
  table.sort(list, function(a, b)
    return a.line < b.line or (a.line == b.line and a.directive < b.directive)
  end)
  return list
end

--- Reads a configuration. Files that it includes are not looked into: `nginx -T` prints them all.
---@param text string
---@param name string of the file, for messages
---@return {directive: string, seconds: number, line: integer, is_default: boolean}[]|nil limits
---@return string? message
---@return lastpass.Error? err code "bad_configuration"
function M.read(text, name)
  if #text > MOST_BYTES then
    return refuse(name, 1, "it has more than 4 MiB")
  end
  local found, block, words, depth = {}, open_block(nil, "main"), {}, 0
  local at, line, counted = 1, 1, 1
  local function count_lines(to)
    line = line + select(2, text:sub(counted, to - 1):gsub("\n", "\n"))
    counted = math.max(counted, to)
  end
  local first_line = 1
  while true do
    local kind, word, stop = next_word(text, at)
    if kind == nil then
      return refuse(name, first_line, "a quoted word does not end")
    elseif kind == "end" then
      break
    end
    count_lines(stop)
    at = stop
    if kind == "word" then
      first_line = #words == 0 and line or first_line
      words[#words + 1] = word
    elseif kind == ";" then
      take_directive(block, words, first_line)
      words = {}
    elseif kind == "{" then
      depth = depth + 1
      if depth > MOST_DEPTH then
        return refuse(name, line, "blocks stand in each other too deep")
      elseif words[1] and words[1]:find "_by_lua_block$" then
        at = end_of_lua(text, stop)
        if not at then
          return refuse(name, line, "a block of Lua does not end")
        end
        count_lines(at)
        depth = depth - 1
      else
        block = open_block(block, words[1])
      end
      words = {}
    else
      if not block.parent then
        return refuse(name, line, "a block ends that has not begun")
      end
      close_block(block, found)
      block, depth, words = block.parent, depth - 1, {}
    end
  end
  if block.parent then
    return refuse(name, line, "a block does not end")
  end
  close_block(block, found)
  return distinct(found)
end

return M
