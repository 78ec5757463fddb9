--- How much Lua a piece of work runs: the same on every machine, where seconds are not.
local M = {}

local STEP = 100

-- Hooks are not called in code that LuaJIT has compiled.
local function compiled(on)
  local jit = rawget(_G, "jit")
  if jit then
    jit[on and "on" or "off"]()
    jit.flush()
  end
end

--- Instructions of the virtual machine that a function takes, to the hundred; what C does inside of
-- one call counts as one.
---@param work fun(): any
---@return integer instructions
---@return any result
function M.of(work)
  local count = 0
  compiled(false)
  debug.sethook(function()
    count = count + STEP
  end, "", STEP)
  local ok, result = pcall(work)
  debug.sethook()
  compiled(true)
  if not ok then
    error(result, 0)
  end
  return count, result
end

return M
