--- pushsitestousers (enterprise-api §4.13): withdrawn by the vendor.
-- @module lastpass.sandbox.commands.sites
local check = require "lastpass.sandbox.commands.check"
local replies = require "lastpass.sandbox.commands.replies"

local fields = { users = { "string", required = true } }
for _, name in ipairs({
  "persistent",
  "url",
  "name",
  "group",
  "usernametype",
  "username",
  "password",
  "notes",
  "fav",
  "decryptid",
}) do
  fields[name] = { "string" }
end

local values = {
  persistent = { ["0"] = true, ["1"] = true },
  usernametype = { email = true, username = true, custom = true },
  fav = { on = true, [""] = true },
}

local function check_push(data, strict)
  local complaint = check.object(fields, data, strict)
  if complaint then
    return complaint
  end
  for name, allowed in pairs(values) do
    if data[name] and not allowed[data[name]] then
      return "Invalid value of field: " .. name
    end
  end
  return nil
end

local function pushsitestousers(context, data)
  if context.settings.push_sites == "withdrawn" then
    return replies.fail("Pushing sites to users is no longer available.")
  end
  local state = context.state
  if data.users ~= "all" and not state:has_group(data.users) and not state:user(data.users) then
    return replies.fail("No such user: " .. data.users)
  end
  context.tenant.pushed_sites = (context.tenant.pushed_sites or 72) + 1
  context:audit("push_sites", data.url or "")
  return replies.of("OK", "status", "OK", "psid", ("%.0f"):format(context.tenant.pushed_sites))
end

return { pushsitestousers = { check = check_push, run = pushsitestousers, needs_data = true } }
