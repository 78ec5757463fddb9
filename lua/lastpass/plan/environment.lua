--- What a playbook sees: its words, and Lua's library without what acts.
-- @module lastpass.plan.environment
local companies = require "lastpass.plan.words.companies"
local conditions = require "lastpass.plan.words.conditions"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local people = require "lastpass.plan.words.people"
local settings = require "lastpass.plan.words.settings"
local signature = require "lastpass.signature"
local sources = require "lastpass.plan.words.sources"

local M = {}

--- The words of playbooks, in the order of the documentation. Each is a row {name, run, takes, form, doc}:
-- `run(context, …)` does what it says, `takes` is its signature, `form` how it is written, `doc` what it means, in
-- Markdown. A word that keeps something for itself has `make(context)` instead, which gives the word.
-- The table of docs/playbooks.md is made from these rows.
M.word_list = {}
for _, list in ipairs { people, sources.list, settings, conditions.list, companies.list } do
  for _, word in ipairs(list) do
    M.word_list[#M.word_list + 1] = word
  end
end

--- Makes the words.
---@param context table declared, reading, playbook {name, chunks}, folder, zone, now; gets `named`: a function that
-- gives the person who was named by `user` and is not declared yet
---@return table<string, any> words
function M.words(context)
  local words = {}
  for _, word in ipairs(M.word_list) do
    local made = word.make and word.make(context)
      or function(...)
        return word.run(context, ...)
      end
    if type(made) == "function" and not word.checks_itself then
      local form = word.hint and word.form .. "; " .. word.hint or word.form
      made = signature.check(word.name, word.takes, made, form)
    end
    words[word.name] = made
  end
  return words
end

-- Not to keep anyone from anything, but so that reading a plan never acts: what starts other
-- programs, ends this one or removes files does not belong where a state is declared.
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

local function copy_without(library_name, names)
  local copy = {}
  for name, value in pairs(_G[library_name]) do
    if not names[name] then
      copy[name] = value
    end
  end
  return copy
end

-- Names that do not exist are errors, not nil: a misspelt word would else read "attempt to call a
-- nil value".
local function forbid_unknown(environment)
  local names = errors.names_of(environment)
  return setmetatable(environment, {
    __index = function(_, name)
      local hint = errors.did_you_mean(name, names)
      errors.raise(2, "there is no '%s' in a playbook%s", tostring(name), hint)
    end,
  })
end

--- Keeps LuaJIT from compiling a function and those inside it: compiled code calls no hooks, and a loop
-- in it could not be ended.
---@param fn function
---@return function fn
function M.interpreted(fn)
  local compiler = rawget(_G, "jit")
  if compiler then
    compiler.off(fn, true)
  end
  return fn
end

--- Loads the text of a playbook, or of a file beside it.
---@param environment table
---@param text string
---@param chunk string "@" and the path
---@return function|nil
---@return string? message
function M.load(environment, text, chunk)
  text = text:gsub("^\239\187\191", ""):gsub("^#", "--#") -- as loadfile does
  if text:sub(1, 1) == "\27" then
    return nil, ("%s:1: is compiled Lua; a playbook is text"):format(chunk:sub(2))
  elseif setfenv then -- Lua 5.1 has it set afterwards
    local fn, message = loadstring(text, chunk)
    return fn and M.interpreted(setfenv(fn, environment)), message
  end
  return load(text, chunk, "t", environment)
end

--- Reads a file whole.
---@param path string
---@return string|nil text
---@return string? message
function M.read_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text = file:read "*a"
  file:close()
  if not text then
    return nil, path .. ": cannot be read"
  end
  return text
end

-- Files beside the playbook, run with the same words.
local function new_require(environment, playbook)
  local loaded, LOADING = {}, {}
  return function(name)
    if loaded[name] == LOADING then
      errors.raise(2, "require: '%s' requires itself", name)
    elseif loaded[name] ~= nil then
      return loaded[name]
    elseif name == "lastpass" then
      return require(name)
    end
    local path = (playbook.folder or "./") .. name:gsub("%.", "/") .. ".lua"
    local text, message = M.read_file(path)
    if not text then
      errors.raise(2, "require: there is no file for '%s' beside the playbook: %s", name, message)
    end
    local fn
    fn, message = M.load(environment, text, playbook:add_chunk(path))
    if not fn then
      error(message, 0)
    end
    loaded[name] = LOADING
    local value = fn(name)
    loaded[name] = value == nil and true or value
    return loaded[name]
  end
end

-- A handler is called within the hook that ends a playbook, where no hook is called any more: one that
-- loops would never end.
local function watched_xpcall(fn, handler, ...)
  return xpcall(fn, function(...)
    if core.has_ended_code() then
      return (...)
    end
    return handler(...)
  end, ...)
end

--- Makes the environment of a playbook.
---@param words table<string, any>
---@param playbook table `folder`, and `add_chunk(path)` for files beside it
---@return table environment
function M.new(words, playbook)
  local environment = {}
  for _, name in ipairs(base) do
    environment[name] = _G[name]
  end
  for name, names in pairs(withheld) do
    environment[name] = copy_without(name, names)
  end
  for name, word in pairs(words) do
    environment[name] = word
  end
  environment.xpcall = watched_xpcall
  environment._G = environment
  environment.require =
    signature.check("require", "name: string", new_require(environment, playbook))
  return forbid_unknown(environment)
end

return M
