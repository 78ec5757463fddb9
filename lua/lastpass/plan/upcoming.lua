--- What the dates in the sources will bring: who begins and who ends within a month, beside the steps of
-- today.
-- @module lastpass.plan.upcoming
local draft = require "lastpass.plan.steps.draft"
local json = require "lastpass.json"
local letters = require "lastpass.plan.letters"

local M = {}

--- So many days are looked ahead, and so many changes are listed.
M.DAYS = 31
M.MOST = 1000

local MONTHS =
  { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

-- What a change means for somebody who is declared active or not; nil when that cannot be told. A day that
-- comes lets in who waits for it, or ends what lasted until then.
local function meaning_of(change, active)
  if change.group then
    return (change.ends and "leaves %s" or "joins %s"):format(change.group)
  elseif active == true then
    return "is disabled"
  elseif active == false and not change.ends then
    return "can log in"
  end
  return nil
end

-- Of the changes without a group the first alone is certain: what follows depends on it.
local function changes_of(work, row, changes, now)
  local address, _, _, active = work.declared.wanted:row(row)
  local list, first = {}, nil
  for _, change in ipairs(changes) do
    if change.at <= now + M.DAYS * 86400 then
      if change.group then
        list[#list + 1] = change
      elseif not first or change.at < first.at then
        first = change
      end
    end
  end
  list[#list + 1] = first
  local user = draft.user_of(work, row)
  local subject = user and draft.address_of(work, user) or address
  local found = {}
  for _, change in ipairs(list) do
    local what = meaning_of(change, active)
    found[#found + 1] = what
        and {
          day = change.day,
          subject = subject,
          what = letters.writable(what),
          origin = letters.writable(work.declared:origin(row)),
        }
      or nil
  end
  return found
end

--- Changes within a month, by their day.
---@param work table of `steps.compute`
---@param now integer
---@return table[]|nil changes {day, subject, what, origin}; nil when there are none
function M.of(work, now)
  local list = json.list {}
  for row, extra in pairs(work.declared.extras) do
    if extra.changes and not draft.row_in_doubt(work, row) then
      for _, change in ipairs(changes_of(work, row, extra.changes, now)) do
        list[#list + 1] = change
      end
    end
  end
  table.sort(list, function(a, b)
    if a.day ~= b.day then
      return a.day < b.day
    elseif a.subject ~= b.subject then
      return a.subject < b.subject
    end
    return a.what < b.what
  end)
  for place = #list, M.MOST + 1, -1 do
    list[place] = nil
  end
  return #list > 0 and list or nil
end

--- One change as a line: "31 Dec: helen.mensah@acme.com is disabled (hr.csv:17)".
---@param change table
---@return string
function M.line(change)
  local _, month, day = change.day:match "^(%d+)%-(%d+)%-(%d+)$"
  local from = change.origin and (" (%s)"):format(change.origin) or ""
  return ("%d %s: %s %s%s"):format(
    tonumber(day),
    MONTHS[tonumber(month)],
    change.subject,
    change.what,
    from
  )
end

return M
