--- Where the program writes and reads. A reader of a pipe that has gone away quietly ends what only shows
-- rows. Whatever changes or judges something goes on without it: its exit code has to be true.
-- @module lastpass.cli.streams
local core = require "lastpass.core"

---@class lastpass.cli.Streams
---@field ends_with_reader boolean whether the program ends when nobody reads its output any more
local methods = {}
local streams_mt = { __name = "lastpass.cli.Streams", __index = methods }

local M = {}

--- Raised when nobody reads standard output any more: not a failure, but the end.
M.CLOSED = setmetatable({}, {
  __tostring = function()
    return "nobody reads the output any more"
  end,
})

local BROKEN_PIPE = 32

--- Makes the streams.
---@param given? table out, err, input (files), out_is_terminal, err_is_terminal,
-- input_is_terminal, width: for specs; default the process's own
---@return lastpass.cli.Streams
function M.new(given)
  given = given or {}
  local streams = {
    out = given.out or io.stdout,
    err = given.err or io.stderr,
    input = given.input or io.stdin,
    width = given.width,
  }
  for name, descriptor in pairs { input = 0, out = 1, err = 2 } do
    local key = name .. "_is_terminal"
    streams[key] = given[key]
    if streams[key] == nil then
      streams[key] = core.is_terminal(descriptor)
    end
  end
  if not streams.width and streams.out_is_terminal then
    streams.width = core.terminal_size(1)
  end
  return setmetatable(streams, streams_mt)
end

local function check(self, ok, message, number)
  if ok then
    return
  elseif number ~= BROKEN_PIPE then
    error(("cannot write the output: %s"):format(tostring(message)), 0)
  elseif self.ends_with_reader then
    error(M.CLOSED, 0)
  end
  self._is_closed = true
end

--- Writes data to standard output.
---@param ... string
function methods:write(...)
  if not self._guarded then
    self._guarded = true
    core.ignore_broken_pipes()
    self.out:setvbuf("full", 65536)
  end
  if not self._is_closed then
    check(self, self.out:write(...))
  end
end

--- Sees to it that everything written has gone out.
function methods:flush()
  if not self._is_closed then
    check(self, self.out:flush())
  end
end

--- Data as standard output may have it: what outsiders have written into the directory must not steer a
-- terminal; elsewhere it stays as it is.
---@param text string
---@param keep_lines? boolean line feeds and tabs stay; without it only the line end of the last line
---@return string
function methods:shown(text, keep_lines)
  if not self.out_is_terminal then
    return text
  elseif keep_lines then
    return core.clean(text, true)
  end
  return (text:gsub("[^\n]+", function(line)
    return core.clean((line:gsub("\r$", "")))
  end))
end

--- Writes a line for the person, who may have sent the data elsewhere; nothing in it steers a terminal.
---@param ... string
function methods:say(...)
  self.err:write(core.clean(table.concat { ... }, true))
  self.err:write "\n"
end

return M
