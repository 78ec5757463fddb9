--- The step that takes a step back, where there is one.
-- @module lastpass.plan.inverse
local json = require "lastpass.json"

local M = {}

--- Kind of a step back -> kinds of the steps that it takes back.
---@type table<string, string[]>
M.takes_back = {
  enable = { "disable" },
  disable = { "enable" },
  name = { "name" },
  groups = { "groups" },
  uninvite = { "create" },
  remove = { "create" },
  create = { "uninvite", "remove" },
}

local function copy(list)
  local result = json.list {}
  for place, value in ipairs(list or {}) do
    result[place] = value
  end
  return result
end

-- The names of one list that the other has, or has not.
local function select(list, other, wanted)
  local is_there, result = {}, json.list {}
  for _, name in ipairs(other or {}) do
    is_there[name] = true
  end
  for _, name in ipairs(list or {}) do
    if (is_there[name] or false) == wanted then
      result[#result + 1] = name
    end
  end
  return result
end

local function create(before)
  return { kind = "create", after = { fullname = before.fullname, groups = copy(before.groups) } }
end

-- Each is given the step, and the person as they were right before and are now.
local inverses = {
  enable = function(_, before)
    return before.status == "disabled" and { kind = "disable" } or nil
  end,
  disable = function(_, before)
    return before.status == "active" and { kind = "enable" } or nil
  end,
  name = function(step, before)
    local back, lost, after = {}, nil, step.after
    if after.fullname and (before.fullname or "") ~= "" then
      back.fullname = before.fullname
    elseif after.fullname then
      -- updateuser without a name changes nothing, and an empty one is not documented
      lost = "had no name before; a name cannot be taken away"
    end
    local duo = step.before and step.before.duousername
    if after.duousername and duo then
      back.duousername = duo
    elseif after.duousername or after.securidusername then
      lost = "has another name for Duo or SecurID; the old one is not known"
    end
    if next(back) == nil then
      return nil, lost
    end
    return {
      kind = "name",
      before = { fullname = after.fullname, duousername = after.duousername },
      after = back,
    },
      lost
  end,
  groups = function(step, before, now)
    local join = select(step.after.leave, before.groups, true)
    local leave = select(step.after.join, before.groups, false)
    if #join + #leave == 0 then
      return nil
    end
    return {
      kind = "groups",
      before = { groups = copy(now.groups) },
      after = { join = join, leave = leave },
    }
  end,
  create = function(_, _, now)
    return { kind = now.status == "invited" and "uninvite" or "remove" }
  end,
  uninvite = function(_, before)
    return create(before), "is invited anew"
  end,
  remove = function(_, before)
    local lost = "comes back as a new account, without the vault"
    if before.status == "disabled" then
      lost = lost .. ", and can log in, as they could not before"
    end
    return create(before), before.admin and lost .. ", and not as an admin" or lost
  end,
  delete = function()
    return nil, "was deleted for good"
  end,
  rename = function(step)
    return nil,
      ("was asked to change to %s, which ends with their next log-in"):format(step.after.email)
  end,
}

local no_way_back = {
  reinvite = "was invited again; an e-mail cannot be taken back",
  reset_password = "was sent a password reset; an e-mail cannot be taken back",
  require_password_change = "has to set a new master password; that cannot be taken back",
  disable_mfa = "lost multifactor; only they can set it up again",
}

--- The step back.
---@param step lastpass.plan.Step that was done
---@param before lastpass.plan.Image the person right before it
---@param now lastpass.plan.Image the person now
---@return table|nil inverse {kind, before, after}; nil when there is no way back, or nothing to do
---@return string? lost what does not come back, said of the person
function M.of(step, before, now)
  if no_way_back[step.kind] then
    return nil, no_way_back[step.kind]
  end
  return inverses[step.kind](step, before, now)
end

return M
