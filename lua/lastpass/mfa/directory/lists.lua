--- Lists of the MFA directory, page by page, to their end or with an error (mfa §2.3). Whoever comes or goes meanwhile shifts
-- the pages: what came is counted against the total, and read again when it does not fit.
-- @module lastpass.mfa.directory.lists
local call = require "lastpass.mfa.call"
local errors = require "lastpass.error"
local loop = require "lastpass.transport.scheduler"

local M = {}

local PASSES = 5 -- how often a list that changes while it is read is read again
local MOST_ROWS = 1000000

local function fail(path, code, message)
  return errors.fail("protocol", code, ("%s: %s"):format(path, message), { command = path })
end

local function fetch(client, path, offset)
  local inner = { Size = client:option "page_size", Offset = offset }
  local answer, message, err = call.ask(client, { path = path, inner = inner, secured = true })
  if not answer then
    return nil, message, err
  elseif not answer.succeeded then
    return call.refused(path, answer)
  end
  local value = answer.value
  local total = type(value) == "table" and value.Total
  if type(total) ~= "number" or total < 0 or total % 1 ~= 0 or type(value.Items) ~= "table" then
    return fail(path, "unexpected_shape", "the answer is no page {Items, Total}")
  elseif total > MOST_ROWS or #value.Items > MOST_ROWS then
    return fail(path, "too_many_rows", ("the list has more than %d rows"):format(MOST_ROWS))
  end
  return value
end

-- One pass over all pages; false when the list has changed on the way.
local function read_pass(client, path, read)
  local rows, seen, offset, total = {}, {}, 0, nil
  repeat
    local page, message, err = fetch(client, path, offset)
    if not page then
      return nil, message, err
    end
    for _, item in ipairs(page.Items) do
      local row, key = nil, nil
      if type(item) == "table" then
        row, key = read(item)
      end
      if not row then
        return fail(path, "unexpected_shape", "a row has no name")
      elseif seen[key] then
        return false
      end
      seen[key] = true
      rows[#rows + 1] = row
    end
    if total and page.Total ~= total or #page.Items == 0 and offset < page.Total then
      return false
    end
    total, offset = page.Total, offset + #page.Items
  until offset >= total
  return #rows == total and rows or false
end

local function read_all(client, name, read)
  local path = client:option("endpoints").directory .. name
  for _ = 1, PASSES do
    local rows, message, err = read_pass(client, path, read)
    if rows or message then
      return rows, message, err
    end
  end
  return fail(path, "list_changed", ("the list changed %d times while it was read"):format(PASSES))
end

--- Goes through a list. It is read whole before its first row is given; an error is raised.
---@param client lastpass.mfa.Client
---@param name string of the call: "GetUsers"
---@param read fun(item: table): table|nil, string|nil row and key; nil: the item is no such row
---@return fun(): table|nil
function M.each(client, name, read)
  local rows, at
  return function()
    if not rows then
      local list, _, err = loop.call_without_yield(read_all, client, name, read)
      if not list then
        error(err, 0)
      end
      rows, at = list, 0
    end
    at = at + 1
    return rows[at]
  end
end

return M
