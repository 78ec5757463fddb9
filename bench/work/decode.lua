-- decode.lua lastpass|cjson FILE [visit]: the bytes of a directory in memory, made into something
-- that can be looked into; with `visit`, how long it takes to read three fields of every user of it.
local setup = require "bench.work.setup"

local ways = { lastpass = {}, cjson = {} }
local client

function ways.lastpass.prepare()
  client = setup.idle_client()
  require "lastpass.directory.snapshot"
end

function ways.lastpass.decode(text)
  return setup.snapshot(client, text)
end

function ways.lastpass.visit(snapshot)
  local users, logins = 0, 0
  for user in snapshot:users() do
    local _, mfa, last_login = user.email, user.mfa, user.last_login
    users = users + 1
    logins = logins + ((mfa or last_login) and 1 or 0)
  end
  return users
end

function ways.cjson.prepare()
  require "cjson"
end

function ways.cjson.decode(text)
  return require("cjson").decode(text)
end

function ways.cjson.visit(value)
  local users, logins = 0, 0
  for _, user in pairs(value.Users) do
    local _, mfa, last_login = user.username, user.multifactor, user.last_login
    users = users + 1
    logins = logins + ((mfa or last_login) and 1 or 0)
  end
  return users
end

local way = ways[arg[1]]
local text = setup.read_file(arg[2])
setup.pass_over(text)
way.prepare()
collectgarbage()
local begin = setup.now()
local value = way.decode(text)
if arg[3] then
  begin = setup.now()
  setup.report("users", way.visit(value))
end
setup.report("seconds", setup.now() - begin)
