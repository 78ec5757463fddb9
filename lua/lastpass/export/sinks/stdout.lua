--- Events on the standard output.
-- @module lastpass.export.sinks.stdout
local errors = require "lastpass.error"

local M = {}

local methods = {}
local stdout_mt = { __name = "lastpass.export.sinks.stdout", __index = methods }

local function checked(ok, message)
  if ok then
    return true
  end
  return errors.fail("transport", "output_closed", "the output cannot be written: " .. message)
end

--- Writes the header.
function methods:begin(_, header)
  return not header or self:write(header)
end

--- Writes.
function methods:write(text)
  return checked(self.file:write(text))
end

--- Whoever reads may still lose it; to us it is written.
function methods:confirm()
  local ok, message, err = checked(self.file:flush())
  if not ok then
    return nil, message, err
  end
  return {}
end

--- Nothing to complete.
function methods.finish()
  return true
end

--- The output stays open.
function methods.close() end

--- Opens the sink.
---@param options table none are known
---@return table sink
function M.open(options, _, level)
  errors.check_options("client:export: sink 'stdout'", options, {}, level + 1)
  return setmetatable({ file = io.stdout }, stdout_mt)
end

return M
