--- Runs a playbook: a Lua file or function that declares what ought to be.
-- @module lastpass.plan.playbook
local core = require "lastpass.core"
local declared_room = require "lastpass.plan.declared"
local digest = require "lastpass.source.digest"
local email = require "lastpass.email"
local environment_room = require "lastpass.plan.environment"
local errors = require "lastpass.error"
local letters = require "lastpass.plan.letters"
local mistakes = require "lastpass.plan.mistakes"
local requested = require "lastpass.plan.requested"
local tracked = require "lastpass.plan.tracked"
local words = require "lastpass.plan.words"

local M = {}

local UNFINISHED = '%s: user "%s" has no fields: write user "%s" { … }'

local NO_MEMBERS = '%s: group "%s" has no members: write group "%s" { … }'

-- What was named, and is not declared: a person or a group that has lost its list.
local function what_is_unfinished(declared, prepared, who)
  if who then
    return UNFINISHED:format(prepared.name, who, who)
  end
  local names = errors.names_of(declared.unfinished)
  table.sort(names)
  local name = names[1]
  return name and NO_MEMBERS:format(declared.unfinished[name], name, name)
end

local function is_address(text)
  return type(text) == "string" and email.check(text) ~= nil
end

-- What the sources refused: whoever is known is left alone; so is, as far as it tells who they are,
-- whoever is known by an employee id.
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
  self.places[#self.places + 1] =
    debug.getinfo(assert((loadstring or load)("", chunk)), "S").short_src
  return chunk
end

local function prepare(playbook, given)
  local self = setmetatable({ chunks = {}, places = {} }, playbook_mt)
  if type(playbook) == "string" then
    local text, message = given, nil
    if not text then
      text, message = environment_room.read_file(playbook)
    end
    if not text then
      return errors.fail("argument", "no_playbook", message, { file = playbook })
    end
    self.name, self.folder, self.is_file = playbook:match "[^/]*$", playbook:match "^(.*/)", true
    self.text = text
    self.identity = { file = letters.writable(playbook), sha256 = digest.hex(text) }
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
  environment_room.interpreted(fn)
  local watches = core.watch(mistakes.LIBRARY, seconds)
  local ok, message = xpcall(function()
    fn(argument)
    return true -- or a tail call would hide this line
  end, mistakes.handler(playbook))
  return ok, message, watches and core.unwatch() or nil
end

-- A function has no environment of its own: it is given the words, and looks in vain for them elsewhere.
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
-- (seconds of computing after which it is ended; default none)
---@return lastpass.plan.Declared|nil declared with `playbook` = {file, sha256}
---@return string? message with the place in the playbook
---@return lastpass.Error? err kind "argument", code "playbook_mistake", "playbook_too_long" or
-- "no_playbook"; kind "cancelled" when an interrupt has ended it; of a source that could not be opened
-- code "source_unreachable", "incomplete_source" or "source_auth"
function M.run(playbook, options)
  if type(playbook) == "table" then
    return requested.declare(requested.read(playbook, 3))
  end
  local declared = declared_room.new()
  local prepared, message, err = prepare(playbook, options.text)
  if not prepared then
    return nil, message, err
  end
  declared.playbook = prepared.identity
  local own, unfinished = words.new {
    declared = declared,
    reading = {},
    playbook = prepared,
    folder = prepared.folder,
    zone = options.zone,
    now = options.now,
  }
  local environment = environment_room.new(own, prepared)
  local fn, argument = playbook, environment
  if prepared.is_file then
    local chunk = prepared:add_chunk(playbook)
    fn, message = environment_room.load(environment, prepared.text, chunk)
    if not fn then
      return mistakes.fail(playbook, message)
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
    return mistakes.fail(prepared.identity.file, message, advice(message, prepared, own))
  end
  local unfinished_text = what_is_unfinished(declared, prepared, unfinished())
  if unfinished_text then
    return mistakes.fail(prepared.identity.file, unfinished_text)
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
