--- Runs a playbook: a Lua file or function that declares what ought to be.
-- @module lastpass.plan.playbook
local declared_room = require "lastpass.plan.declared"
local digest = require "lastpass.source.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local tracked = require "lastpass.plan.tracked"
local words = require "lastpass.plan.words"

local M = {}

-- Not to keep anyone from anything, but so that reading a plan never acts: what starts other
-- programs, ends this one or removes files has no place where a state is declared.
local withheld = {
  os = {
    execute = true,
    exit = true,
    remove = true,
    rename = true,
    tmpname = true,
    setlocale = true,
  },
  io = { popen = true, output = true, tmpfile = true },
}

local base = {
  "assert",
  "error",
  "ipairs",
  "next",
  "pairs",
  "pcall",
  "xpcall",
  "print",
  "rawequal",
  "rawget",
  "rawlen",
  "rawset",
  "select",
  "setmetatable",
  "getmetatable",
  "tonumber",
  "tostring",
  "type",
  "unpack",
  "_VERSION",
  "string",
  "table",
  "math",
  "utf8",
  "coroutine",
}

local function copy_without(library, names)
  local copy = {}
  for name, value in pairs(library) do
    if not names[name] then
      copy[name] = value
    end
  end
  return copy
end

local function new_environment()
  local environment = {}
  for _, name in ipairs(base) do
    environment[name] = _G[name]
  end
  for name, names in pairs(withheld) do
    environment[name] = copy_without(_G[name], names)
  end
  environment._G = environment
  return environment
end

-- loadfile of 5.4 takes the environment, that of 5.1 has it set afterwards.
local function load_in(environment, text, chunk)
  if setfenv then
    local fn, message = loadstring(text, chunk)
    return fn and setfenv(fn, environment), message
  end
  return load(text, chunk, "t", environment)
end

local function read_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text = file:read "*a"
  file:close()
  return text or nil, text and nil or path .. ": cannot be read"
end

-- Lua's messages begin with the chunk's name and line.
local function mistake(name, message)
  local line = tonumber(tostring(message):match(":(%d+):"))
  return errors.fail("argument", "playbook_mistake", tostring(message), {
    file = name,
    line = line,
    hint = "docs/playbooks.md lists what a playbook may say",
  })
end

-- Names of the environment that do not exist are mistakes, not nil: a misspelt word would else
-- read "attempt to call a nil value".
local function forbid_unknown(environment, word_names)
  local mt = {}
  function mt.__index(_, name)
    local where = type(name) == "string" and withheld.os[name] and "os." or ""
    local nearest = errors.nearest(name, word_names)
    error(
      ("there is no '%s%s' in a playbook%s"):format(
        where,
        tostring(name),
        nearest and (" (did you mean '%s'?)"):format(nearest) or ""
      ),
      2
    )
  end
  setmetatable(environment, mt)
end

-- require in a playbook: files beside it, run with the same words.
local function new_require(environment, folder)
  local loaded = {}
  return function(name)
    if type(name) ~= "string" then
      errors.raise(2, "require: needs the name of a file beside the playbook")
    end
    if loaded[name] == nil then
      if name == "lastpass" then
        loaded[name] = require "lastpass"
        return loaded[name]
      end
      local path = (folder or "./") .. name:gsub("%.", "/") .. ".lua"
      local text, message = read_file(path)
      if not text then
        errors.raise(2, "require: there is no file for '%s' beside the playbook: %s", name, message)
      end
      local fn
      fn, message = load_in(environment, text, "@" .. path)
      if not fn then
        error(message, 0)
      end
      local value = fn(name)
      loaded[name] = value == nil and true or value
    end
    return loaded[name]
  end
end

-- Every raised value as text with its place.
local function with_place(message)
  if type(message) == "table" and message.message then
    return message.message
  end
  return tostring(message)
end

local function count_problems(declared)
  for _, source in ipairs(declared.sources) do
    for _, problem in ipairs(source._people.problems) do
      declared:refuse {
        code = problem.code,
        reason = problem.reason,
        origin = tostring(problem.origin),
        -- somebody whose row is in doubt is left alone
        subject = email.check(problem.key or "") and problem.key or email.check(
          problem.value or ""
        ) and problem.value or nil,
      }
    end
  end
end

-- Actions that are asked for one by one: { reinvite = { "ann@acme.com" } }.
local action_names = {
  reinvite = true,
  reset_password = true,
  require_password_change = true,
  disable_mfa = true,
  enable = true,
  disable = true,
  uninvite = true,
  remove = true,
  delete = true,
}

local function read_actions(list, declared)
  local known = {}
  for name in pairs(action_names) do
    known[name] = "table"
  end
  errors.check_options("client:plan", list, known, 4)
  for name, addresses in pairs(list) do
    for place, address in ipairs(addresses) do
      local good, reason = email.check(type(address) == "string" and address or "")
      if not good then
        errors.raise(
          4,
          "client:plan: %s[%d]: '%s' is not an e-mail address: %s",
          name,
          place,
          tostring(address),
          reason
        )
      end
      table.insert(declared.actions, { kind = name, subject = good })
    end
  end
  table.sort(declared.actions, function(a, b)
    if a.kind ~= b.kind then
      return a.kind < b.kind
    end
    return a.subject < b.subject
  end)
end

local function prepare(playbook, context)
  if type(playbook) == "string" then
    local text, message = read_file(playbook)
    if not text then
      return errors.fail("argument", "no_playbook", message, { file = playbook })
    end
    context.playbook = { name = playbook:match "[^/]*$", chunk = "@" .. playbook }
    context.folder = playbook:match "^(.*/)"
    context.identity = { file = playbook, sha256 = digest.hex(text) }
    return text
  end
  local info = type(playbook) == "function" and debug.getinfo(playbook, "S")
    or { source = "=actions", short_src = "actions" }
  context.playbook = { name = info.short_src:match "[^/]*$", chunk = info.source }
  context.identity = { file = info.short_src }
  return true
end

--- Runs a playbook.
---@param playbook string|function|table the path of a file; a function that is given the words; or
-- actions, such as { reinvite = { "ann@acme.com" } }
---@param options table zone, now
---@return lastpass.plan.Declared|nil declared with `playbook` = {file, sha256}
---@return string? message with the place in the playbook
---@return lastpass.Error? err kind "argument", code "playbook_mistake" or "no_playbook"
function M.run(playbook, options)
  local declared = declared_room.new()
  local context = { declared = declared, reading = {}, zone = options.zone, now = options.now }
  local text, message, err = prepare(playbook, context)
  if not text then
    return nil, message, err
  end
  declared.playbook = context.identity
  if type(playbook) == "table" then
    read_actions(playbook, declared)
    return declared
  end
  local own, unfinished = words.new(context)
  local environment, names = new_environment(), {}
  for name, word in pairs(own) do
    environment[name] = word
    names[#names + 1] = name
  end
  environment.require = new_require(environment, context.folder)
  local fn, argument = playbook, environment
  if type(playbook) == "string" then
    forbid_unknown(environment, names)
    fn, message = load_in(environment, text, context.playbook.chunk)
    argument = nil
    if not fn then
      return mistake(playbook, message)
    end
  end
  local ok
  ok, message = xpcall(function()
    fn(argument)
  end, with_place)
  if not ok then
    return mistake(context.playbook.name, message)
  elseif unfinished() then
    return mistake(
      context.playbook.name,
      ('%s: user "%s" has no fields: write user "%s" { … }'):format(
        context.playbook.name,
        unfinished(),
        unfinished()
      )
    )
  end
  count_problems(declared)
  return declared
end

--- What the plan says of the sources.
---@param declared lastpass.plan.Declared
---@return table[]
function M.sources(declared)
  local list = {}
  for place, source in ipairs(declared.sources) do
    list[place] = tracked.describe(source)
  end
  return list
end

return M
