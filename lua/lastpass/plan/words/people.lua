--- Words about accounts and groups.
-- @module lastpass.plan.words.people
local checks = require "lastpass.plan.words.checks"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local letters = require "lastpass.plan.letters"
local signature = require "lastpass.signature"

local M = {}

--- group "Finance" { "ann@acme.com" }: these are its members, and nobody else.
---@param context table see `words.new`
---@return function
function M.group(context)
  return function(name)
    if type(name) ~= "string" or name == "" then
      errors.raise(2, "group: needs the name of a group")
    end
    checks.letters("group: the name", name, 2)
    if not context.declared.groups[name] then
      context.declared.unfinished[name] = checks.line_of(context.playbook, 2)
    end
    local function declare(members)
      local addresses, origins = {}, {}
      for place, member in pairs(members) do
        local is_row = type(member) == "table"
        addresses[place] = is_row and member.email or member
        origins[place] = is_row and member.origin and tostring(member.origin) or nil
      end
      checks.texts("group '" .. name .. "'", "members", addresses, 2)
      for place, address in ipairs(addresses) do
        local good, reason = email.check(address)
        if not good then
          errors.raise(2, "group '%s': '%s' is not an e-mail address: %s", name, address, reason)
        end
        addresses[place] = letters.composed(good)
      end
      context.declared.unfinished[name] = nil
      local line = checks.line_of(context.playbook, 2)
      context.declared:declare_group(name, addresses, line, 2, origins)
    end
    local form = ('group "%s" { "ann@acme.com" }'):format(name)
    return signature.check(('group "%s"'):format(name), "members: table", declare, form)
  end
end

--- protect "boss@acme.com", or several, or lists.
---@param context table see `words.new`
---@return function
function M.protect(context)
  return function(...)
    local list = checks.list_of("protect", "accounts", 2, ...)
    for _, address in ipairs(list) do
      local good, reason = email.check(address)
      if not good then
        errors.raise(2, "protect: '%s' is not an e-mail address: %s", address, reason)
      end
      context.declared:protect(good, "protected by the playbook")
    end
  end
end

--- owner "admin@acme.com": the account that one works with oneself.
---@param context table see `words.new`
---@return function
function M.owner(context)
  return function(address)
    local good, reason = email.check(type(address) == "string" and address or "")
    if not good then
      errors.raise(2, "owner: '%s' is not an e-mail address: %s", tostring(address), reason)
    end
    context.declared.settings.owner = good
    context.declared:protect(good, "the account named as owner")
  end
end

return M
