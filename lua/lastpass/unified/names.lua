--- A full name in parts and back (unified-directory §4, Names).
-- @module lastpass.unified.names
local M = {}

--- A name without blanks around it, and with one blank between its words.
---@param text string|nil
---@return string|nil name nil when nothing is left
function M.trim(text)
  local name = text and text:gsub("%s+", " "):match "^ ?(.-) ?$"
  return name ~= "" and name or nil
end

--- First and last name: "Last, First" is turned round, else the first word is the first name.
---@param fullname string|nil
---@return string|nil first
---@return string|nil last
function M.split(fullname)
  local name = M.trim(fullname)
  if not name then
    return nil, nil
  end
  local last, first = name:match "^([^,]*),([^,]*)$"
  if last then
    return M.trim(first), M.trim(last)
  end
  first, last = name:match "^(%S+) (.+)$"
  return first or name, last
end

--- The full name that a request wants: `name`, else the parts.
---@param body table name, first_name, last_name (texts or nil)
---@return string|nil
function M.join(body)
  if body.name then
    return M.trim(body.name)
  end
  local parts = {}
  parts[#parts + 1] = M.trim(body.first_name)
  parts[#parts + 1] = M.trim(body.last_name)
  return #parts > 0 and table.concat(parts, " ") or nil
end

return M
