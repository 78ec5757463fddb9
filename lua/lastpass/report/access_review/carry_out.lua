--- From decisions to a plan, and to tasks for what the API cannot do.
-- @module lastpass.report.access_review.carry_out
local email = require "lastpass.email"
local errors = require "lastpass.error"

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

-- One person's removals in one sentence: the items, who decided, and what they said about it.
local function reason_of(list)
  local ids, comments, said = {}, {}, {}
  for place, removal in ipairs(list) do
    ids[place] = removal.item.id
    if removal.comment ~= "" and not said[removal.comment] then
      said[removal.comment], comments[#comments + 1] = true, removal.comment
    end
  end
  local reason = ("access review %s, decided by %s"):format(
    table.concat(ids, ", "),
    list[1].item.manager or "whoever filled in " .. list[1].item.file
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
      { hint = "mend the files and read them again", rows = decisions.problems }
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

return M
