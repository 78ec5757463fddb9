--- `lastpass run SCRIPT`.
-- @module lastpass.cli.commands.run.script
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"

-- "run 12" and "run sohw" are no scripts, and their mistakes deserve a better answer.
local function missing(path, reason)
  local hint
  if path:find "^%d+$" then
    hint = ("a run of a plan: lastpass run show %s"):format(path)
  elseif not path:find "[./]" then
    local nearest = errors.nearest(path, { "show", "resume", "undo" })
    hint = nearest and ("did you mean 'lastpass run %s'?"):format(nearest)
  end
  return errors.fail(
    "argument",
    "no_script",
    ("there is no script %s"):format(reason or path),
    { hint = hint }
  )
end

local function load_script(path)
  local file, reason = io.open(path, "rb")
  if not file then
    return missing(path, reason)
  end
  local text = file:read "*a"
  file:close()
  if not text then
    return missing(path, path .. ": it cannot be read")
  end
  local fn, message = (loadstring or load)((text:gsub("^#[^\n]*", "")), "@" .. path)
  if not fn then
    return errors.fail("argument", "bad_script", message)
  end
  return fn
end

-- What the script finds: `client` (made when it is touched), `lastpass`, `arg`.
local function prepare(session, path)
  local arguments = { [0] = path }
  for place, word in ipairs(session.rest) do
    arguments[place] = word
  end
  _G.arg = arguments
  _G.lastpass = require "lastpass"
  local before = getmetatable(_G) or {}
  setmetatable(_G, {
    __index = function(_, name)
      if name == "client" then
        local client = require("lastpass").strict(session:client())
        rawset(_G, "client", client)
        return client
      end
      return type(before.__index) == "function" and before.__index(_G, name)
        or type(before.__index) == "table" and before.__index[name]
        or nil
    end,
    __newindex = before.__newindex,
  })
end

return {
  name = "run",
  summary = "Run a Lua script that acts at once",
  description = "It finds `client` (a strict one: failures are raised), `lastpass`, and its own "
    .. "arguments in `arg` and `...`. A file whose name is show, resume or undo is run as ./show. "
    .. "Runs of plans are another matter: run show, run resume, run undo.",
  connects = true,
  arguments = { { "script", "Lua file; what follows it is the script's" } },
  rest = true,
  examples = {
    { "lastpass run offboard.lua bob@acme.com", "a script and its argument" },
    { "lastpass --profile acme run report.lua", "for another company" },
  },
  topics = { "playbooks" },
  lua = function(options)
    return ('client = require("lastpass").strict(client)\ndofile(%s)'):format(
      lua_text.value(options.script)
    )
  end,
  run = function(session, options)
    local fn, message, err = load_script(options.script)
    if not fn then
      return nil, message, err
    end
    prepare(session, options.script)
    local result = fn((table.unpack or unpack)(session.rest))
    if type(result) == "number" then
      return result
    end
    return result == false and 1 or 0
  end,
}
