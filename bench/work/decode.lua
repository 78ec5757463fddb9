-- decode.lua lastpass|cjson FILE [visit]: the bytes of a directory in memory, made into something
-- that can be looked into; with `visit`, three fields of every user are read as well.
local setup = require "bench.work.setup"

local visits = arg[3] == "visit"
local ways = {}

function ways.lastpass(text)
  local core = require "lastpass.core"
  local directory = require "lastpass.directory.snapshot"
  local client = setup.client("https://127.0.0.1/", "/dev/null")
  client:zone()
  return function()
    local rows = core.snapshot()
    assert(rows:feed(text))
    assert(rows:finish())
    local snapshot = directory.new(client, rows:seal())
    local logins = 0
    if visits then
      for user in snapshot:users() do
        local _, mfa, last_login = user.email, user.mfa, user.last_login
        logins = logins + ((mfa or last_login) and 1 or 0)
      end
    end
    return snapshot:count(), logins
  end
end

function ways.cjson(text)
  local cjson = require "cjson"
  return function()
    local value = cjson.decode(text)
    local users, logins = visits and 0 or nil, 0
    if visits then
      for _, user in pairs(value.Users) do
        local _, mfa, last_login = user.username, user.multifactor, user.last_login
        users = users + 1
        logins = logins + ((mfa or last_login) and 1 or 0)
      end
    end
    return users, logins
  end
end

local now = setup.now
local text = setup.read_file(arg[2])
local work = ways[arg[1]](text)
now()
setup.forget_peak()
local begin = now()
local users = work()
setup.tell("seconds", now() - begin)
setup.tell("held", setup.peak())
if users then
  setup.tell("users", users)
end
