--- How a campaign has ended: decisions beside what people have now.
-- @module lastpass.report.access_review.closure
local items_room = require "lastpass.report.access_review.items"
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local statistics = require "lastpass.report.statistics"

local M = {}

local classes_of = {
  { "kept", "Kept", "decided to keep, and still there" },
  { "removed", "Removed", "decided to remove, and gone" },
  { "open", "Open", "decided to remove, and still there" },
  { "undecided", "Undecided", "nobody has decided, and it is still there" },
  { "gone", "Gone", "gone, though nobody has decided so" },
}

local columns = {
  { name = "id", title = "Id" },
  { name = "class_title", title = "Result" },
  { name = "person", title = "Person" },
  { name = "kind", title = "Kind" },
  { name = "what", title = "What" },
  { name = "right", title = "Right" },
  { name = "through", title = "Through group" },
  { name = "manager", title = "Manager" },
  { name = "decision", title = "Decision" },
  { name = "comment", title = "Comment", long = true },
}

local function present_now(reading, kinds)
  local present = {}
  local ok, message, err = items_room.each(reading, kinds, function(user, item)
    item.person = user.email
    present[items_room.key(item)] = true
  end)
  if not ok then
    return nil, message, err
  end
  return present
end

local function class_of(decision, is_there)
  if decision == "remove" then
    return is_there and "open" or "removed"
  elseif not is_there then
    return "gone"
  end
  return decision == "keep" and "kept" or "undecided"
end

local function rows_of(decisions, present)
  local classes, by_name = statistics.classes(classes_of)
  local rows = {}
  for place, item in ipairs(decisions.campaign.items) do
    local one = decisions.by_id[item.id] or { decision = "undecided" }
    local class = by_name[class_of(one.decision, present[items_room.key(item)] == true)]
    class.count = class.count + 1
    local row = { class = class.name, class_title = class.title }
    for _, name in ipairs { "id", "person", "kind", "what", "right", "through", "manager" } do
      row[name] = item[name]
    end
    row.decision, row.comment = one.decision, one.comment ~= "" and one.comment or nil
    rows[place] = row
  end
  return rows, classes, by_name
end

--- Makes the report.
---@param subject lastpass.Client|lastpass.Snapshot
---@param decisions lastpass.report.Decisions
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.make(subject, decisions)
  local reading, message, err = reading_room.open("access_review.closure", subject, { live = true })
  if not reading then
    return nil, message, err
  end
  local kinds = {}
  for _, item in ipairs(decisions.campaign.items) do
    kinds[item.kind] = true
  end
  local present
  present, message, err = present_now(reading, kinds)
  if not present then
    return nil, message, err
  end
  if #decisions.problems > 0 then
    reading:miss("%d rows of the decisions could not be understood", #decisions.problems)
  end
  reading.query[#reading.query + 1] = ("decisions about what was asked on %s"):format(
    decisions.campaign.statement.read_at
  )
  local rows, classes, by_name = rows_of(decisions, present)
  local count = #decisions.campaign.items
  return result.new {
    name = "access_review_closure",
    title = "Closure of the access review",
    statement = reading:statement(("%d things that were to be decided"):format(count), {}),
    columns = columns,
    rows = rows,
    row_title = "Decisions",
    classes = classes,
    partitions = { { count = count, of = "Things that were to be decided" } },
    totals = {
      {
        name = "decided",
        title = "Decided",
        value = count - decisions.counts.undecided,
        kind = "count",
      },
      { name = "removed", title = "Removed", value = by_name.removed.count, kind = "count" },
      { name = "open", title = "Open", value = by_name.open.count, kind = "count" },
    },
    notes = { "An account that is disabled counts as removed, and so does everything it had." },
  }
end

return M
