--- The memory of another process, as a core file of it would have it.
local M = {}

-- Sanitizers keep notes about all of memory in a mapping of many terabytes; the heap is not in it.
local LARGEST = 2 ^ 32

-- The mappings of a process, with their flags.
local function mappings(process)
  local list = {}
  for line in io.lines(("/proc/%s/smaps"):format(process)) do
    local from, to, rights, name = line:match "^(%x+)%-(%x+) (%S+) %S+ %S+ %S+%s*(.*)$"
    if from then
      list[#list + 1] =
        { from = tonumber(from, 16), to = tonumber(to, 16), rights = rights, name = name }
    elseif line:match "^VmFlags:" then
      list[#list].flags = line .. " "
    end
  end
  return list
end

--- Looks through all memory of a process that can be written.
---@param process string|number
---@param holds fun(bytes: string): boolean whether what is looked for is in it
---@return string[] places mappings that have it, and that a core file has
---@return integer locked how many have it that are locked, and that no core file has
---@return integer undumped how many have it that no core file has
---@return integer looked_at bytes
function M.search(process, holds)
  local places, locked, undumped, looked_at = {}, 0, 0, 0
  local memory = assert(io.open(("/proc/%s/mem"):format(process), "rb"))
  for _, mapping in ipairs(mappings(process)) do
    local is_shadow = mapping.to - mapping.from > LARGEST
    if mapping.rights:match "^rw" and not mapping.name:match "^%[v" and not is_shadow then
      memory:seek("set", mapping.from)
      local bytes = memory:read(mapping.to - mapping.from) or ""
      looked_at = looked_at + #bytes
      if holds(bytes) then
        local flags = mapping.flags or ""
        local is_undumped = flags:find(" dd ", 1, true) ~= nil
        if is_undumped and flags:find(" lo ", 1, true) then
          locked = locked + 1
        end
        if is_undumped then
          undumped = undumped + 1
        else
          places[#places + 1] = ("%x-%x %s"):format(mapping.from, mapping.to, mapping.name)
        end
      end
    end
  end
  memory:close()
  return places, locked, undumped, looked_at
end

return M
