-- scim.lua URL CA: lists the users of a SCIM server, complete or not at all.
local lastpass = require "lastpass"
local setup = require "bench.work.setup"

local scim = lastpass.scim.new {
  url = arg[1],
  ca_file = arg[2],
  token = lastpass.secret.value(("0"):rep(64)),
  page_size = 1000,
}
local begin = setup.now()
local users, active = 0, 0
for user in scim:list("User", { attributes = { "userName", "active" } }) do
  users = users + 1
  active = active + (user.active and 1 or 0)
end
setup.report("seconds", setup.now() - begin)
setup.report("users", users)
setup.report("active", active)
