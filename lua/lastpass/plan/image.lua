--- A user as the plan saw them: what a step was computed from, what undo goes back to, and how to
-- tell that somebody has changed them since.
-- @module lastpass.plan.image
local digest = require "lastpass.source.digest"
local json = require "lastpass.json"

local M = {}

--- Of a user, what plans change and guards ask about.
---@class lastpass.plan.Image
---@field status "absent"|"active"|"disabled"|"invited"
---@field fullname? string
---@field groups? string[] sorted
---@field admin? boolean

--- Somebody who is not in the directory.
---@return lastpass.plan.Image
function M.absent()
  return { status = "absent" }
end

local function sorted(list)
  local copy = json.list {}
  for place, name in ipairs(list) do
    copy[place] = name
  end
  table.sort(copy)
  return copy
end

--- The image of a user object, or of nobody.
---@param user lastpass.User|nil
---@return lastpass.plan.Image
function M.of(user)
  if not user then
    return M.absent()
  end
  return {
    status = user.status,
    fullname = user.fullname,
    groups = sorted(user.groups),
    admin = user.admin or false,
  }
end

--- The SHA-256 of an image: the base of a step.
---@param image lastpass.plan.Image
---@return string hex
function M.hash(image)
  return digest.hex(json.encode(image))
end

local function without(list, removed)
  local is_removed, kept = {}, json.list {}
  for _, name in ipairs(removed or {}) do
    is_removed[name] = true
  end
  for _, name in ipairs(list or {}) do
    if not is_removed[name] then
      kept[#kept + 1] = name
    end
  end
  return kept
end

--- The image after a step of a plan has been carried out.
---@param image lastpass.plan.Image
---@param step lastpass.plan.Step
---@return lastpass.plan.Image
function M.after(image, step)
  local kind, after = step.kind, step.after or {}
  local new = {}
  for name, value in pairs(image) do
    new[name] = value
  end
  if kind == "create" then
    return {
      status = "invited",
      fullname = after.fullname,
      groups = sorted(after.groups or {}),
      admin = false,
    }
  elseif kind == "enable" then
    new.status = "active"
  elseif kind == "disable" then
    new.status = "disabled"
  elseif kind == "name" then
    new.fullname = after.fullname or image.fullname
  elseif kind == "groups" then
    local groups = without(image.groups, after.leave)
    groups = without(groups, after.join)
    for _, name in ipairs(after.join or {}) do
      groups[#groups + 1] = name
    end
    new.groups = sorted(groups)
  elseif kind == "uninvite" or kind == "remove" or kind == "delete" then
    return M.absent()
  end
  return new
end

-- The groups of one list that the other has not.
local function more(list, other)
  return without(list or {}, other)
end

local function describe(value)
  if value == nil or value == "" then
    return "nothing"
  end
  return tostring(value)
end

--- What differs between two images, in words.
---@param before lastpass.plan.Image
---@param now lastpass.plan.Image
---@return string[] differences empty when they are the same
function M.differences(before, now)
  local list = {}
  for _, name in ipairs { "status", "fullname", "admin" } do
    if before[name] ~= now[name] and (name == "status" or before.status ~= "absent") then
      list[#list + 1] = ("%s was %s and is %s"):format(
        name == "fullname" and "the name" or name == "status" and "the state" or name,
        describe(before[name]),
        describe(now[name])
      )
    end
  end
  if before.status ~= "absent" and now.status ~= "absent" then
    for _, name in ipairs(more(now.groups, before.groups)) do
      list[#list + 1] = "is in " .. name .. " now"
    end
    for _, name in ipairs(more(before.groups, now.groups)) do
      list[#list + 1] = "is no longer in " .. name
    end
  end
  return list
end

--- Whether what a step wants is so already.
---@param image lastpass.plan.Image as the directory has it
---@param step lastpass.plan.Step
---@return boolean
function M.holds(image, step)
  local kind, after = step.kind, step.after or {}
  if kind == "create" then
    return image.status ~= "absent"
  elseif kind == "enable" then
    return image.status == "active"
  elseif kind == "disable" then
    return image.status == "disabled"
  elseif kind == "name" then
    return after.fullname == nil or image.fullname == after.fullname
  elseif kind == "groups" then
    return #more(after.join, image.groups) == 0
      and #more(after.leave, image.groups) == #(after.leave or {})
  elseif kind == "uninvite" or kind == "remove" or kind == "delete" then
    return image.status == "absent"
  end
  return false
end

--- What of a step the directory does not show, in words. The groups of who is only invited are never
-- shown (enterprise-api §4.8).
---@param image lastpass.plan.Image as the directory has it
---@param step lastpass.plan.Step
---@return string[] missing empty when it shows all that it can
function M.missing(image, step)
  local kind, after, list = step.kind, step.after or {}, {}
  local function need(is_so, format, value)
    if not is_so then
      list[#list + 1] = format:format(describe(value))
    end
  end
  if kind == "create" then
    need(image.status ~= "absent", "is not in the company")
    if image.status ~= "absent" and image.status ~= "invited" then
      local is_named = after.fullname == nil or image.fullname == after.fullname
      need(is_named, "the name is %s", image.fullname)
    end
  elseif kind == "name" then
    need(M.holds(image, step), "the name is %s", image.fullname)
  elseif kind ~= "groups" then
    need(M.holds(image, step), "the state is %s", image.status)
  end
  if kind == "groups" or kind == "create" and image.status ~= "invited" and #list == 0 then
    for _, name in ipairs(more(after.join or after.groups, image.groups)) do
      need(false, "is not in %s", name)
    end
    for _, name in ipairs(after.leave or {}) do
      need(#more({ name }, image.groups) == 1, "is still in %s", name)
    end
  end
  return list
end

return M
