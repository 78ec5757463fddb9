-- One code, posted many times at once to four workers of nginx, or to those of two: exactly one is let in, wherever the
-- state is kept.
-- Runs once: nginx is the same under every interpreter.
local extent = require "spec.support.extent"
local mfa = require "lastpass.mfa"
local nginx = require "spec.support.nginx"
local postgresql = require "spec.peers.postgresql"
local support = require "spec.support.store"

local COUNT = extent(40, 100, 1000)
local WORKERS = 4
local KEY, TIME = "12345678901234567890", 1796000000

local INIT = [[
  lua_shared_dict codes 10m;
  init_by_lua_block {
    local lastpass = require "lastpass"
    local state = require "lastpass.state"
    local place = os.getenv "CODES_PLACE"
    codes_state = place == "dict" and state.dict(ngx.shared.codes) or state.database(place)
    -- in locked memory, as a server ought to have it
    codes_key = assert(lastpass.secret.value "12345678901234567890")
  }
]]

-- /many: so many failures are allowed that each post gets as far as the counter.
local SERVER = [[
  location / {
    content_by_lua_block {
      ngx.req.read_body()
      local user, code = ngx.req.get_body_data():match "^(%S+) (%S+)$"
      local result, message = require("lastpass.mfa").totp.verify {
        user = user,
        secret = codes_key,
        code = code,
        state = codes_state,
        time = 1796000000,
        limits = ngx.var.uri == "/many" and { failures = 100000 } or nil,
      }
      if not result then
        ngx.status = 503
        return ngx.say(message)
      end
      ngx.say(result.outcome, " ", result.code or "-")
    }
  }
]]

local function start(place)
  return nginx.start {
    workers = WORKERS,
    http = INIT,
    server = SERVER,
    env = { CODES_PLACE = place },
    -- all connections may come to one worker
    connections = 4096,
  }
end

-- How often each answer came to each of the posts, {path, user, code}.
local function post(servers, posts)
  local bases, arguments = {}, {}
  for index, server in ipairs(servers) do
    bases[index] = server.url
  end
  for index, one in ipairs(posts) do
    arguments[index] = ("%s '%s %s'"):format(one[1], one[2], one[3])
  end
  local command = ("timeout 600 python3 spec/support/burst.py %d '%s' %s"):format(
    COUNT,
    table.concat(bases, ","),
    table.concat(arguments, " ")
  )
  local pipe = assert(io.popen(command))
  local counts, total = {}, 0
  for line in pipe:lines() do
    local number, count, answer = line:match "^(%d+) (%d+) (.*)$"
    counts[tonumber(number)] = counts[tonumber(number)] or {}
    counts[tonumber(number)][answer] = tonumber(count)
    total = total + count
  end
  pipe:close()
  assert.equal(COUNT * #posts, total)
  return counts
end

describe("one code at many workers", function()
  local servers = {}

  after_each(function()
    for _, server in ipairs(servers) do
      server:stop()
    end
    servers = {}
  end)

  local function check_once()
    local code = assert(mfa.totp.code { secret = KEY, time = TIME })
    local later = assert(mfa.totp.code { secret = KEY, time = TIME + 30 })
    local counts = post(servers, {
      { "/many", "ann@acme.example", code },
      { "/", "bob@acme.example", later }, -- five attempts are all that there are
      { "/", "eve@acme.example", later == "000000" and "000001" or "000000" },
    })
    assert.same({ ["200 approved -"] = 1, ["200 denied used"] = COUNT - 1 }, counts[1])
    assert.equal(1, counts[2]["200 approved -"])
    local locked = counts[2]["200 locked -"] or 0
    assert.equal(COUNT, 1 + (counts[2]["200 denied used"] or 0) + locked)
    assert.is_true(locked > 0)
    -- whoever guesses has five attempts
    assert.same({ ["200 denied wrong"] = 5, ["200 locked -"] = COUNT - 5 }, counts[3])
  end

  it("is let in once, by a dictionary", function()
    servers = { start "dict" }
    check_once()
  end)

  it("is let in once, by a file of SQLite that two servers have", function()
    local folder = support.folder()
    finally(function()
      support.remove(folder)
    end)
    local place = folder .. "/state.db"
    servers = { start(place), start(place) }
    check_once()
  end)

  it("is let in once, by PostgreSQL that two servers have", function()
    local server = postgresql.start()
    finally(function()
      server:stop()
    end)
    local place = (server:fresh())
    servers = { start(place), start(place) }
    check_once()
  end)
end)
