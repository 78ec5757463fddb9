--- Limits of what comes through the gateway: what the REST API alone does is asked for by no request to it.
local changes = require "lastpass.directory.changes"
local limits = require "lastpass.plan.limits"

local list = {}
for _, entry in ipairs(limits.list) do
  local change = changes.by_name[entry.name]
  if not (change and change.rest) then
    list[#list + 1] = entry
  end
end

return list
