--- Snapshots of the core as plain tables, and how specs feed them.
local core = require "lastpass.core"

local M = {}

-- in an order of their own, so that two outcomes are compared alike
local names = {}
for name in pairs(core.user_fields) do
  names[#names + 1] = name
end
table.sort(names)

--- One row as a table, {email =, groups = {…}, …}.
function M.user(snapshot, row)
  local user = {}
  for _, name in ipairs(names) do
    user[name] = core.user_value(snapshot, row, core.user_fields[name])
  end
  return user
end

--- All rows.
function M.users(snapshot)
  local list = {}
  for row = 1, #snapshot do
    list[row] = M.user(snapshot, row)
  end
  return list
end

--- Feeds a text in pieces: `piece` is their size, or a function that gives the next one's.
---@return userdata snapshot
---@return string|nil code of the refusal
---@return integer|nil position of the refusal
function M.feed(text, piece, snapshot)
  snapshot = snapshot or core.snapshot()
  local at = 1
  local ok, _, code, position = true, nil, nil, nil
  while ok and at <= #text do
    local size = type(piece) == "function" and piece() or piece or #text
    ok, _, code, position = snapshot:feed(text:sub(at, at + size - 1))
    at = at + size
  end
  if ok then
    ok, _, code, position = snapshot:finish()
  end
  if not ok then
    return snapshot, code, position
  end
  return snapshot
end

--- A reply that must be good, read.
function M.read(text, piece)
  local snapshot, code, position = M.feed(text, piece)
  assert(not code, ("%s at %s"):format(tostring(code), tostring(position)))
  return snapshot:seal()
end

local function text_of(value)
  return type(value) == "table" and "[" .. table.concat(value, "|") .. "]" or tostring(value)
end

--- Everything that can be seen of a snapshot, as one text.
function M.outline(snapshot)
  local lines = { #snapshot, text_of(snapshot:total()), text_of(snapshot:count()), snapshot:odd() }
  for row = 1, #snapshot do
    local values = {}
    for i, name in ipairs(names) do
      values[i] = text_of(core.user_value(snapshot, row, core.user_fields[name]))
    end
    lines[#lines + 1] = table.concat(values, ",")
  end
  local groups = snapshot:group_names()
  lines[#lines + 1] = text_of(groups)
  for _, group in ipairs(groups) do
    lines[#lines + 1] = text_of(snapshot:members(group))
  end
  lines[#lines + 1] = text_of(snapshot:invited())
  lines[#lines + 1] = text_of(snapshot:refusal())
  return table.concat(lines, "\n")
end

return M
