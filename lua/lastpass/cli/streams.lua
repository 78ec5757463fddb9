--- Where the program writes and reads, and in which colours. When the reader of a pipe has gone away, a
-- command that only shows rows ends quietly. One that changes or checks something continues without
-- it: its exit code has to be true.
-- @module lastpass.cli.streams
local core = require "lastpass.core"

---@class lastpass.cli.Streams
---@field ends_with_reader boolean whether the program ends when its output is no longer read
local methods = {}
local streams_mt = { __name = "lastpass.cli.Streams", __index = methods }

local M = {}

--- Raised when standard output is no longer read: not a failure, but the end.
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

local function check_written(self, ok, message, number)
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
    check_written(self, self.out:write(...))
  end
end

--- Writes out everything that is buffered.
function methods:flush()
  if not self._is_closed then
    check_written(self, self.out:flush())
  end
end

--- Whether the reader of standard output has gone away.
---@return boolean
function methods:is_closed()
  return self._is_closed or false
end

--- Data as standard output may have it: what others have written into the directory must not control a
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

--- Writes a line to standard error; nothing in it controls a terminal.
---@param ... string
function methods:say(...)
  self.err:write(core.clean(table.concat { ... }, true))
  self.err:write "\n"
end

-- ------------------------------------------------------------------ colour

local codes = { good = "32", bad = "31", warn = "33", dim = "2", head = "1" }

--- Whether to use colour: --color, then NO_COLOR (https://no-color.org), then the terminal.
---@param session lastpass.cli.Session
---@return boolean
function M.is_colored(session)
  local when = session.options.color
  if when == "always" or when == "never" then
    return when == "always"
  end
  local none = os.getenv "NO_COLOR"
  return session.streams.out_is_terminal
    and (none == nil or none == "")
    and os.getenv "TERM" ~= "dumb"
end

--- Paints a line.
---@param tone string|nil "good", "bad", "warn", "dim", "head"; nil leaves it as it is
---@param line string
---@return string
function M.paint(tone, line)
  return tone and ("\27[%sm%s\27[0m"):format(codes[tone], line) or line
end

return M
