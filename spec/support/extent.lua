--- How often something random is tried: few times in `make test`, more often in `make test-long`, which
-- every change passes, and most often in `make extended`.
-- LASTPASS_LONG is not set, "1" or "2".
local LEVEL = tonumber(os.getenv "LASTPASS_LONG" or 0)

--- The number of this run.
---@param few any
---@param more any
---@param most? any default `more`
---@return any
return function(few, more, most)
  if LEVEL == 0 then
    return few
  end
  return LEVEL > 1 and most or more
end
