-- Leases in a real nginx: of a worker that is killed, and of one that stands still for a while and goes on
-- when somebody else has the lease.
-- Runs once: nginx has its own LuaJIT.
local nginx = require "spec.support.nginx"
local wait = require "spec.support.wait"

local SERVER = [[
  location = /work {
    content_by_lua_block {
      local leases = require "lastpass.nginx.lease"
      local lease = leases.take("x", 1)
      if not lease then
        return ngx.print "taken"
      end
      ngx.shared.notes:set("pid", ngx.worker.pid())
      lease:guard(function()
        ngx.sleep(tonumber(ngx.var.arg_seconds))
      end)
      ngx.shared.notes:set("ended", true)
      ngx.print "ended"
    }
  }
  location = /take {
    content_by_lua_block {
      local lease = require("lastpass.nginx.lease").take("x", 600)
      if lease then
        ngx.shared.notes:set("owner", lease:reference().owner)
      end
      -- asked again by a client whose first request was answered too late, it is still the client's
      local owner = ngx.shared.lastpass_locks:get "lease x"
      ngx.print(owner and owner == ngx.shared.notes:get "owner" and "mine" or "taken")
    }
  }
  location = /look {
    content_by_lua_block {
      local notes, owner = ngx.shared.notes, ngx.shared.lastpass_locks:get "lease x"
      ngx.print(owner and (owner == notes:get "owner" and "second" or "first") or "nobody", " ",
        notes:get "pid" or "-", " ", notes:get "ended" and "ended" or "works")
    }
  }
]]

describe("a lease in nginx", function()
  local server
  before_each(function()
    server = nginx.start {
      workers = 2,
      http = "lua_shared_dict lastpass_locks 1m; lua_shared_dict notes 1m;",
      server = SERVER,
    }
  end)
  after_each(function()
    server:stop()
  end)

  -- A connection may wake the worker that stands still, and then waits until another one comes.
  local function ask(path)
    local _, text = server:get(path, { timeout = 2 })
    return text
  end

  local function look()
    local text = ask "/look"
    return text:match "^(%S+) (%S+) (%S+)$"
  end

  -- The process that works, seconds long, while nobody waits for its answer.
  local function begin_work(seconds)
    os.execute(("curl -s -m 60 '%s/work?seconds=%g' >/dev/null 2>&1 &"):format(server.url, seconds))
    return wait("somebody who works", function()
      local owner, pid = look()
      return owner == "first" and pid ~= "-" and pid
    end, 30)
  end

  local function take()
    return ask "/take" == "mine"
  end

  it("is kept while its work lasts, longer than it lasts by itself", function()
    begin_work(3)
    wait("the end of the work", function()
      local owner, _, state = look()
      assert.is_true(owner == "first" or state == "ended")
      assert.is_true(state == "ended" or not take() or select(3, look()) == "ended")
      return state == "ended"
    end)
    wait("the end of the lease", function()
      return look() ~= "first"
    end, 30)
  end)

  it("ends when its worker is killed", function()
    local pid = begin_work(60)
    assert.is_false(take())
    os.execute("kill -KILL " .. pid)
    wait("the end of the lease", take, 30)
    assert.equal("second", (look()))
  end)

  it("is not taken away from its new owner by a worker that stood still", function()
    local pid = begin_work(2)
    os.execute("kill -STOP " .. pid)
    wait("the end of the lease", take, 30)
    os.execute("kill -CONT " .. pid)
    wait("the end of the work", function()
      return select(3, look()) == "ended"
    end, 30)
    assert.equal("second", (look()))
  end)
end)
