-- A process of its own that reads people from a slapd and then waits to be looked at: what of the
-- password is in its memory? Arguments: url, authority's file, base, name, password's file, and a
-- file that must be gone before it goes on.
local lastpass = require "lastpass"
local source = require "lastpass.source"

local url, ca_file, base, name, password_file, wait_file = (table.unpack or unpack)(arg)

local function wait()
  local file = io.open(wait_file)
  while file do
    file:close()
    os.execute "sleep 0.05"
    file = io.open(wait_file)
  end
end

local secret = assert(lastpass.secret.file(password_file))
local people = assert(source.ldap {
  url = url,
  ca_file = ca_file,
  base = base,
  bind_dn = name,
  password = secret,
  page_size = 50,
})
for _ = 1, 60 do
  assert(people:next())
end
io.write("READY\n")
io.flush()
wait()
local list = 60
for _ in people:rows() do
  list = list + 1
end
people:close()
secret:close()
print(list)
