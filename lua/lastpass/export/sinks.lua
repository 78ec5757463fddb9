--- Sinks: where events go. A sink is an object with
--
--     sink:begin(state, header) -> true | nil, message, err    before the first event; `state` is what
--                                                               `confirm` gave when the cursor was kept
--     sink:write(text, count)   -> true | nil, message, err    events, oldest first
--     sink:confirm()            -> state | nil, message, err   all written so far is safe; the cursor
--                                                               moves only after it
--     sink:finish()             -> true | nil, message, err    the end of all
--     sink:close()                                             also after failures; safe to call again
--
-- and, when it wants them, `batch` (`events`, `bytes`: the most in one write), `frame` (templates
-- `before` and `after` each event), `settled` (when it is true after a write, all written so far is safe, and
-- the cursor moves at once; false: not decided yet), `refused` and `dead_letters` (how many events were
-- put aside, and where). With a cursor `confirm` is called once before the first write too:
-- what it gives then is where the sink begins.
-- @module lastpass.export.sinks
local errors = require "lastpass.error"

local M = {}

--- The known kinds.
M.kinds = { "file", "stdout", "syslog", "webhook" }

local function open_object(given)
  for _, name in ipairs { "write", "confirm" } do
    if type(given[name]) ~= "function" then
      return nil
    end
  end
  return given
end

-- A function, or an object with `write` and `confirm`, is a sink as well.
local custom = {}
custom.__index = custom

--- Nothing to prepare.
function custom.begin()
  return true
end

--- Tells the function.
function custom:write(text, count)
  return self.call(text, count)
end

--- What the function has taken is taken.
function custom.confirm()
  return {}
end

--- Nothing to complete.
function custom.finish()
  return true
end

--- Nothing to let go.
function custom.close() end

--- Opens a sink. Nothing is sent or written yet.
---@param given string|table|function|nil "-" (default) for stdout; a path; a table of `kind` and its
-- options; an object that is a sink; a function that is given text and count
---@param about table `durable` (there is a cursor), `cursor` (its name), `format`, `dead_letters` (gives
-- the path where they go unless the sink has one), `level` (whose line is blamed)
---@return table sink
function M.open(given, about)
  local level = (about.level or 1) + 1
  if type(given) == "function" then
    return setmetatable({ call = given }, custom)
  elseif given == nil or given == "-" then
    given = { kind = "stdout" }
  elseif type(given) == "string" then
    given = { kind = "file", path = given }
  end
  local object = open_object(given)
  if object then
    return setmetatable(object, getmetatable(object) or custom)
  end
  for _, kind in ipairs(M.kinds) do
    if kind == given.kind then
      local options = {}
      for name, value in pairs(given) do
        if name ~= "kind" then
          options[name] = value
        end
      end
      return require("lastpass.export.sinks." .. kind).open(options, about, level)
    end
  end
  local nearest = errors.nearest(tostring(given.kind), M.kinds)
  errors.raise(
    level,
    "client:export: unknown kind of sink '%s'%s",
    tostring(given.kind),
    nearest and (" (did you mean '" .. nearest .. "'?)") or ""
  )
end

return M
