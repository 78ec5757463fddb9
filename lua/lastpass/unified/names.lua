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

--- The full name that a request wants: `name`, else the parts. What is so already is no wish, so that
-- an object that was read may be sent back with one of them changed.
---@param wanted table name, first_name, last_name: texts; nil says nothing, and keeps what there is
---@param fullname? string the name at present
---@return string|nil name nil when no other is wanted; "" when nothing would be left
function M.join(wanted, fullname)
  local name = wanted.name and (M.trim(wanted.name) or "")
  if name and name ~= (M.trim(fullname) or "") then
    return name
  end
  local first, last = M.split(fullname)
  local other_first, other_last = wanted.first_name or first, wanted.last_name or last
  local parts = {}
  parts[#parts + 1] = M.trim(other_first)
  parts[#parts + 1] = M.trim(other_last)
  if M.trim(other_first) == first and M.trim(other_last) == last then
    return nil
  end
  return table.concat(parts, " ")
end

return M
