--- What follows from decisions: a plan, tasks for what the API cannot do, and the report on how the
-- campaign has ended.
-- @module lastpass.report.access_review.apply
local campaign = require "lastpass.report.access_review.campaign"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local result = require "lastpass.report.result"
local values = require "lastpass.report.values"

local M = {}

local function removals(decisions)
  local list = {}
  for _, item in ipairs(decisions.campaign.items) do
    local one = decisions.by_id[item.id]
    if one and one.decision == "remove" then
      list[#list + 1] = { item = item, comment = one.comment, origin = one.origin }
    end
  end
  return list
end

-- One person's removals in one sentence: the items, who decided, and their comments.
local function reason_of(list)
  local ids, comments, seen = {}, {}, {}
  for position, removal in ipairs(list) do
    ids[position] = removal.item.id
    if removal.comment ~= "" and not seen[removal.comment] then
      seen[removal.comment], comments[#comments + 1] = true, removal.comment
    end
  end
  local reason = ("access review %s, decided by %s"):format(
    table.concat(ids, ", "),
    list[1].item.manager or "the person who filled in " .. list[1].item.file
  )
  return #comments > 0 and reason .. ": " .. table.concat(comments, "; ") or reason
end

-- Removals by person: the groups that end, and whether the account does.
local function by_person(decisions)
  local order, people, groups = {}, {}, {}
  for _, removal in ipairs(removals(decisions)) do
    local item = removal.item
    if item.kind == "group" or item.kind == "account" then
      local key = email.fold(item.person)
      local one = people[key]
      if not one then
        one = { email = item.person, origin = removal.origin, leave = {}, removals = {} }
        people[key], order[#order + 1] = one, one
      end
      one.removals[#one.removals + 1] = removal
      if item.kind == "account" then
        one.disable = true
      else
        one.leave[item.what], groups[item.what] = true, true
      end
    end
  end
  return order, groups
end

-- Memberships of the groups in question that stay.
local function staying(user, one, groups)
  local list = {}
  for _, name in ipairs(user.groups) do
    if groups[name] and not one.leave[name] then
      list[#list + 1] = name
    end
  end
  return list
end

local function playbook(snapshot, order, groups, protected)
  return function(words)
    if next(groups) then
      words.only(errors.names_of(groups))
    end
    if protected then
      words.protect(protected)
    end
    for _, one in ipairs(order) do
      local user = snapshot:user(one.email)
      -- who has left the company meanwhile needs no step
      if user and user.status ~= "disabled" then
        local fields = { reason = reason_of(one.removals) }
        if next(one.leave) then
          fields.groups = staying(user, one, groups)
        end
        if one.disable then
          fields.active = false
        end
        words.user { email = user.email, origin = one.origin }(fields)
      end
    end
  end
end

--- Makes the plan.
---@param client lastpass.Client
---@param decisions lastpass.report.Decisions
---@param options? table protect, limit, expires_in
---@return lastpass.Plan|nil
---@return string? message
---@return lastpass.Error? err
function M.plan(client, decisions, options)
  options = errors.check_options("access_review.plan", options, {
    protect = "table",
    limit = "table",
    expires_in = "number",
  }, 3)
  if #decisions.problems > 0 then
    local first = decisions.problems[1]
    return errors.fail(
      "argument",
      "bad_decisions",
      ("%d rows could not be understood; the first: %s: %s"):format(
        #decisions.problems,
        first.origin,
        first.reason
      ),
      { hint = "fix the files and read them again", rows = decisions.problems }
    )
  end
  local snapshot, message, err = client:snapshot()
  if not snapshot then
    return nil, message, err
  end
  local order, groups = by_person(decisions)
  return client:plan(playbook(snapshot, order, groups, options.protect), {
    limit = options.limit,
    expires_in = options.expires_in,
  })
end

local tasks = {
  admin = function(item)
    return ("take the admin rights from %s"):format(item.person)
  end,
  folder = function(item)
    if item.through then
      return ("take %s out of the group '%s', or the group out of the folder '%s'"):format(
        item.person,
        item.through,
        item.what
      )
    end
    return ("take %s out of the shared folder '%s'"):format(item.person, item.what)
  end,
}

--- What has to be done by hand, in the Admin Console.
---@param decisions lastpass.report.Decisions
---@return table[] tasks
function M.manual(decisions)
  local list = {}
  for _, removal in ipairs(removals(decisions)) do
    local item = removal.item
    if tasks[item.kind] then
      list[#list + 1] = {
        id = item.id,
        person = item.person,
        kind = item.kind,
        what = item.what,
        task = tasks[item.kind](item),
        origin = tostring(removal.origin),
      }
    end
  end
  return list
end

local classes_of = {
  { "kept", "Kept", "decided to keep, and still there" },
  { "removed", "Removed", "decided to remove, and gone" },
  { "open", "Open", "decided to remove, and still there" },
  { "undecided", "Undecided", "nobody has decided, and it is still there" },
  { "gone", "Gone", "gone, though nobody has decided so" },
}

local function present_now(reading, kinds)
  local present = {}
  local ok, message, err = campaign.each_item(reading, kinds, function(user, item)
    item.person = user.email
    present[campaign.key(item)] = true
  end)
  if not ok then
    return nil, message, err
  end
  return present
end

local function classify(decision, is_there)
  if decision == "remove" then
    return is_there and "open" or "removed"
  elseif not is_there then
    return "gone"
  end
  return decision == "keep" and "kept" or "undecided"
end

local function rows_of(decisions, present)
  local classes, by_name = values.classes(classes_of)
  local rows = {}
  for position, item in ipairs(decisions.campaign.items) do
    local one = decisions.by_id[item.id] or { decision = "undecided" }
    local class = by_name[classify(one.decision, present[campaign.key(item)] == true)]
    class.count = class.count + 1
    local row = { class = class.name, class_title = class.title }
    for _, name in ipairs { "id", "person", "kind", "what", "right", "through", "manager" } do
      row[name] = item[name]
    end
    row.decision, row.comment = one.decision, one.comment ~= "" and one.comment or nil
    rows[position] = row
  end
  return rows, classes, by_name
end

local closure_columns = {
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

local function compute_closure(reading, decisions)
  local items, kinds = decisions.campaign.items, {}
  for _, item in ipairs(items) do
    kinds[item.kind] = true
  end
  local present, message, err = present_now(reading, kinds)
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
  local decided = #items - decisions.counts.undecided
  return {
    population = ("%d things that were to be decided"):format(#items),
    rows = rows,
    classes = classes,
    partitions = { { count = #items, of = "Things that were to be decided" } },
    totals = {
      { name = "decided", title = "Decided", value = decided, kind = "count" },
      { name = "removed", title = "Removed", value = by_name.removed.count, kind = "count" },
      { name = "open", title = "Open", value = by_name.open.count, kind = "count" },
    },
    notes = { "An account that is disabled counts as removed, and so does everything it had." },
  }
end

--- Makes the report on how the campaign has ended: decisions beside what people have now.
---@param subject lastpass.Client|lastpass.Snapshot
---@param decisions lastpass.report.Decisions
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.closure(subject, decisions)
  return result.make({
    name = "access_review_closure",
    title = "Closure of the access review",
    row_title = "Decisions",
    columns = closure_columns,
    options = {},
    compute = function(reading)
      return compute_closure(reading, decisions)
    end,
  }, subject, nil, "access_review.closure")
end

return M
