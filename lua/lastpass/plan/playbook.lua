--- Runs a playbook: a Lua file or function that declares what ought to be. What is raised in it becomes a message with
-- its line there.
-- @module lastpass.plan.playbook
local actions = require "lastpass.plan.actions"
local checks = require "lastpass.plan.checks"
local core = require "lastpass.core"
local declarations = require "lastpass.plan.declared"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local environments = require "lastpass.plan.environment"
local errors = require "lastpass.error"
local sources = require "lastpass.plan.words.sources"

local M = {}

-- How the `source` of the chunks of this library begins.
local LIBRARY = debug.getinfo(1, "S").source:match "^(@.*)plan[/\\]playbook%.lua$" or "@?"

-- Level 2 is the caller of this.
local function frames(visit)
  local level = 3
  local info = debug.getinfo(level, "Sl")
  while info do
    if visit(info) then
      return info
    end
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  return nil
end

local function begins_with_line(message, source)
  return message:sub(1, #source + 1) == source .. ":" and message:find("^:%d+: ", #source + 1)
end

-- A line in this library says nothing to the author of a playbook.
local function without_library(message)
  frames(function(info)
    local is_library = info.source:sub(1, #LIBRARY) == LIBRARY
    if is_library and begins_with_line(message, info.short_src) then
      message = message:sub(#info.short_src + 1):gsub("^:%d+: ", "")
      return true
    end
    return false
  end)
  return message
end

local function text_of(value)
  if type(value) == "table" and type(value.message) == "string" then
    return value.message
  elseif type(value) == "string" then
    return value
  end
  local mt = getmetatable(value)
  if type(value) == "number" or type(mt) == "table" and mt.__tostring then
    return tostring(value)
  end
  return ("raised a %s where a message is expected"):format(type(value))
end

-- Makes the handler for `xpcall` of a playbook: what is raised becomes a message with its line there.
local function error_handler(playbook)
  return function(value)
    local message = without_library(text_of(value))
    if playbook.is_file then
      for _, source in ipairs(playbook.short_names) do
        if begins_with_line(message, source) then
          return message
        end
      end
    elseif message:find "^[^\n]-:%d+: " then
      return message -- a function may call anything, and its line says where that went wrong
    end
    local info = frames(function(info)
      return playbook.chunks[info.source]
    end)
    if not info then
      -- a tail call has hidden it: `return user "…" { … }`
      return ("%s: %s"):format(playbook.name, (message:gsub("^[^\n:]-:%d+: ", "")))
    end
    return ("%s:%d: %s"):format(info.short_src, info.currentline, message)
  end
end

--- The failure of a playbook.
---@param name string the file, or what the playbook is called
---@param message string as the handler, or Lua's compiler, gives it
---@param hint? string
---@return nil
---@return string message
---@return lastpass.Error err kind "argument", code "playbook_mistake", with `file` and `line`; `playbook`
-- says that the message is in terms of playbooks
function M.fail(name, message, hint)
  return errors.fail("argument", "playbook_mistake", message, {
    file = name,
    playbook = name,
    line = tonumber(message:match ":(%d+):"),
    hint = hint or "docs/playbooks.md lists what a playbook may say",
  })
end

local UNFINISHED = '%s: user "%s" has no fields: write user "%s" { … }'

local NO_MEMBERS = '%s: group "%s" has no members: write group "%s" { … }'

-- What was named, and is not declared: a person or a group without its list.
local function what_is_unfinished(declared, prepared, who)
  if who then
    return UNFINISHED:format(prepared.name, who, who)
  end
  local name = errors.names_of(declared.unfinished)[1]
  return name and NO_MEMBERS:format(declared.unfinished[name], name, name)
end

local function is_address(text)
  return type(text) == "string" and email.check(text) ~= nil
end

-- What the sources refused: the users whom a row names are left alone, by address or by employee id.
local function count_problems(declared)
  for _, source in ipairs(declared.sources) do
    for _, problem in ipairs(source._people.problems) do
      local key, value = problem.key, problem.value
      declared:refuse {
        code = problem.code,
        reason = problem.reason,
        origin = tostring(problem.origin),
        refused_by_source = true,
        subject = is_address(key) and key or is_address(value) and value or nil,
      }
      if key and not is_address(key) then
        declared.doubtful_ids[key] = true
      end
    end
  end
end

local playbook_methods = {}
local playbook_mt = { __index = playbook_methods }

-- Notes that a file belongs to the playbook; gives its name as Lua wants it.
function playbook_methods:add_chunk(path)
  local chunk = "@" .. path
  self.chunks[chunk] = path:match "[^/]*$"
  -- long paths are cut in Lua's messages
  self.short_names[#self.short_names + 1] =
    debug.getinfo(assert((loadstring or load)("", chunk)), "S").short_src
  return chunk
end

local function prepare(playbook, given)
  local self = setmetatable({ chunks = {}, short_names = {} }, playbook_mt)
  if type(playbook) == "string" then
    local text, message = given, nil
    if not text then
      text, message = environments.read_file(playbook)
    end
    if not text then
      return errors.fail("argument", "no_playbook", message, { file = playbook })
    end
    self.name, self.folder, self.is_file = playbook:match "[^/]*$", playbook:match "^(.*/)", true
    self.text = text
    self.identity = { file = checks.printable(playbook), sha256 = digest.hex(text) }
    return self
  end
  local info = debug.getinfo(playbook, "S")
  self.name = info.short_src:match "[^/]*$"
  self.chunks[info.source] = self.name
  self.identity = { file = info.short_src }
  return self
end

-- Whether a playbook ended because a source is away or broke off, and not by a mistake of its own.
local function is_of_source(declared, message)
  local failure = declared.source_failure
  return failure ~= nil and message:find(failure.text, 1, true) ~= nil
end

local TOO_LONG = "the playbook did not come to its end within %g seconds of computing"

-- Why a playbook was ended that does not come to its end by itself.
local function ended(why, seconds, name)
  if why == "interrupted" then
    return errors.fail("cancelled", "interrupted", "interrupted while the playbook ran")
  end
  return errors.fail("argument", "playbook_too_long", TOO_LONG:format(seconds), {
    file = name,
    hint = "does a loop in it never end? the option time_limit allows more",
  })
end

-- Calls the playbook under watch: an interrupt ends it, and so does `seconds` of computing.
local function call(fn, argument, playbook, seconds)
  environments.interpreted(fn)
  local watches = core.watch(LIBRARY, seconds)
  local ok, message = xpcall(function()
    fn(argument)
    return true -- or a tail call would hide this line
  end, error_handler(playbook))
  return ok, message, watches and core.unwatch() or nil
end

-- A function has no environment of its own: it is given the words, and does not find them elsewhere.
local function advice(message, playbook, own)
  local name = not playbook.is_file and message:match "global '([%a_]+)'"
  return name
    and own[name] ~= nil
    and ("a function is given the words: function(words) words.%s … end"):format(name)
end

--- Runs a playbook.
---@param playbook string|function|table the path of a file; a function that is given the words; or
-- actions, such as { reinvite = { "ann@acme.com" } }
---@param options table zone, now; text (of the file, when it is not to be read again); time_limit
-- (seconds of computing after which it is ended; default none); company (`lastpass.plan.Company`)
---@return lastpass.plan.Declared|nil declared with `playbook` = {file, sha256}
---@return string? message with the line of the playbook
---@return lastpass.Error? err kind "argument", code "playbook_mistake", "playbook_too_long" or
-- "no_playbook"; kind "cancelled" when an interrupt has ended it; of a source that could not be opened
-- code "source_unreachable", "incomplete_source" or "source_auth"
function M.run(playbook, options)
  if type(playbook) == "table" then
    return actions.declare(actions.read(playbook, 3))
  end
  local declared = declarations.new()
  local prepared, message, err = prepare(playbook, options.text)
  if not prepared then
    return nil, message, err
  end
  declared.playbook = prepared.identity
  local context = {
    declared = declared,
    reading = {},
    playbook = prepared,
    folder = prepared.folder,
    zone = options.zone,
    now = options.now,
    company = options.company,
  }
  local own = environments.words(context)
  local environment = environments.new(own, prepared)
  local fn, argument = playbook, environment
  if prepared.is_file then
    local chunk = prepared:add_chunk(playbook)
    fn, message = environments.load(environment, prepared.text, chunk)
    if not fn then
      return M.fail(playbook, message)
    end
    argument = nil
  end
  local ok, why
  ok, message, why = call(fn, argument, prepared, options.time_limit)
  if why then
    return ended(why, options.time_limit, prepared.identity.file)
  elseif not ok and is_of_source(declared, message) then
    local failure = declared.source_failure
    return errors.fail(failure.kind, failure.code, message, { file = prepared.identity.file })
  elseif not ok then
    return M.fail(prepared.identity.file, message, advice(message, prepared, own))
  end
  local unfinished_text = what_is_unfinished(declared, prepared, context.named())
  if unfinished_text then
    return M.fail(prepared.identity.file, unfinished_text)
  end
  count_problems(declared)
  return declared
end

--- What the plan says of the sources.
---@param declared lastpass.plan.Declared
---@return table[]
function M.sources(declared)
  local list = {}
  for index, source in ipairs(declared.sources) do
    list[index] = sources.describe(source)
  end
  return list
end

return M
