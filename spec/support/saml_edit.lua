--- Changes of a text that must find what they change.
local M = {}

--- The text with the first occurrence replaced, plainly.
---@param text string
---@param from string
---@param to string
---@return string
function M.replace(text, from, to)
  local first, last = text:find(from, 1, true)
  assert(first, "not found: " .. from)
  return text:sub(1, first - 1) .. to .. text:sub(last + 1)
end

--- A function that does so.
function M.replacing(from, to)
  return function(text)
    return M.replace(text, from, to)
  end
end

--- A function that inserts before the first occurrence.
function M.before(mark, what)
  return M.replacing(mark, what .. mark)
end

--- A function that inserts after the first occurrence.
function M.after(mark, what)
  return M.replacing(mark, mark .. what)
end

--- The first element of that name, from its opening to its (first) closing tag.
---@param text string
---@param name string "ds:Signature"
---@return string element
---@return string rest the text without it
function M.take(text, name)
  local first = assert(text:find("<" .. name .. "[ >]"), "no " .. name)
  local _, last = text:find("</" .. name .. ">", first, true)
  return text:sub(first, last), text:sub(1, first - 1) .. text:sub(last + 1)
end

return M
