-- scim.lua URL CA: the users of a SCIM server as a snapshot, complete or not at all, ready for look-ups.
local lastpass = require "lastpass"
local setup = require "bench.work.setup"

local scim = lastpass.scim.new {
  url = arg[1],
  ca_file = arg[2],
  token = lastpass.secret.value(("0"):rep(64)),
  page_size = 1000,
}
local begin = setup.now()
local snapshot = assert(scim:snapshot())
local last =
  assert(snapshot:user(("FIRSTNAME.lastname%06d@lumenor.example"):format(snapshot:count())))
setup.report("seconds", setup.now() - begin)
local active, memberships = 0, 0
for user in snapshot:users() do
  active = active + (user.disabled and 0 or 1)
  memberships = memberships + #user.groups
end
setup.report("users", snapshot:count())
setup.report("active", active)
setup.report("memberships", memberships)
setup.report("last", last.id)
