-- visit.lua lastpass|cjson FILE: three fields of every user of a directory that has been read.
local setup = require "bench.work.setup"

local read, visit = {}, {}

function read.lastpass(name)
  return setup.snapshot(name)
end

function visit.lastpass(snapshot)
  local logins = 0
  for user in snapshot:users() do
    local _, mfa, last_login = user.email, user.mfa, user.last_login
    logins = logins + ((mfa or last_login) and 1 or 0)
  end
  return logins
end

function read.cjson(name)
  return require("cjson").decode(setup.read_file(name))
end

function visit.cjson(value)
  local logins = 0
  for _, user in pairs(value.Users) do
    local _, mfa, last_login = user.username, user.multifactor, user.last_login
    logins = logins + ((mfa or last_login) and 1 or 0)
  end
  return logins
end

local way = arg[1]
local value = read[way](arg[2])
collectgarbage()
local begin = setup.now()
local logins = visit[way](value)
setup.report("seconds", setup.now() - begin)
assert(logins > 0)
