-- The journal of the endpoint in a real nginx: calls of many requests in few transactions, each with its own result.
-- Runs once: nginx has its own LuaJIT.
local json = require "lastpass.json"
local nginx = require "spec.support.nginx"
local socket = require "socket"
local store = require "lastpass.store"
local wait = require "spec.support.wait"

local HTTP = [[
  lua_shared_dict lastpass_scim 1m;
  lua_shared_dict lastpass_locks 1m;
  init_by_lua_block {
    json = require "lastpass.json"
    journals = require "lastpass.nginx.scim.journal"
    function answer(value) ngx.print(json.encode(value)) end
  }
]]

local SERVER = [[
  # so many calls at once, every fifth of them wrong
  location = /many {
    content_by_lua_block {
      journal = journal or journals.new(ngx.config.prefix() .. "journal.db", "lastpass")
      ngx.print " "
      ngx.flush(true) -- whoever asked knows that it has begun
      local threads, outcomes = {}, {}
      for number = 1, tonumber(ngx.var.arg_count) do
        threads[number] = ngx.thread.spawn(function()
          local label = number % 5 == 0 and "" or "token " .. number
          local id, message, err = journal:add_scim_token {
            connection = "c" .. number, hash = ("%064x"):format(number), label = label,
          }
          outcomes[number] = { id = id, message = message, code = err and err.code }
        end)
      end
      for number = 1, #threads do ngx.thread.wait(threads[number]) end
      answer(outcomes)
    }
  }
  location = /tokens {
    content_by_lua_block {
      journal = journal or journals.new(ngx.config.prefix() .. "journal.db", "lastpass")
      answer(assert(journal:scim_tokens()))
    }
  }
  location = /batch {
    content_by_lua_block {
      journal = journal or journals.new(ngx.config.prefix() .. "journal.db", "lastpass")
      local results, message, err = journal:batch {
        { method = "add_scim_token", { connection = "b", hash = ("a"):rep(64), label = "b" } },
        { method = "add_scim_token", { connection = "b", hash = "wrong", label = "b" } },
        { method = "scim_tokens", "b" },
      }
      local failed = results and results[1][3] or err
      if failed and failed.code == "store_gone" then
        return answer { code = failed.code }
      end
      answer { id = results[1][1], message = results[2][2], tokens = results[3][1] }
    }
  }
  # so many calls one after the other: how many timers executed them
  location = /timers {
    content_by_lua_block {
      journal = journal or journals.new(ngx.config.prefix() .. "journal.db", "lastpass")
      local at, timers = ngx.timer.at, 0
      ngx.timer.at = function(...)
        timers = timers + 1
        return at(...)
      end
      for _ = 1, tonumber(ngx.var.arg_count) do assert(journal:scim_tokens()) end
      ngx.timer.at = at
      answer { timers = timers }
    }
  }
  # what is answered while a thread waits for the disk, and what the disk has said then
  location = /disk {
    content_by_lua_block {
      local journal = journals.new(ngx.config.prefix() .. "journal.db", "lastpass")
      assert(journal:scim_tokens())
      local threads = require "lastpass.transport.nginx"
      local run_thread, refuses = threads.run_thread, ngx.var.arg_refuses
      local order_of, released, events = {}, require("ngx.semaphore").new(0), {}
      threads.run_thread = function(pool, wait, lasts, module, name, order)
        if name == "execute" then
          order_of[#order_of + 1] = order.is_torn or false
        elseif name == "sync" then
          events[#events + 1] = "waits for the disk"
          assert(released:wait(20))
          events[#events + 1] = "the disk has it"
          if refuses then
            return { failure = { kind = "argument", code = "store_io", message = "refused" } }
          end
        end
        return run_thread(pool, wait, lasts, module, name, order)
      end
      local function add(number)
        local id, message, err = journal:add_scim_token {
          connection = "c", hash = ("%064x"):format(number), label = "token " .. number,
        }
        events[#events + 1] = id and "added" or err.code .. (err.uncertain and ", uncertain" or "")
      end
      local adding = ngx.thread.spawn(add, 1)
      while not events[1] do ngx.sleep(0.001) end
      local logged = ngx.thread.spawn(function()
        assert(journal:log_scim_requests { { connection = "c", action = "get", status = 200 } })
        events[#events + 1] = "logged"
      end)
      assert(ngx.thread.wait(logged))
      released:post(1)
      assert(ngx.thread.wait(adding))
      refuses = nil
      released:post(1)
      add(2)
      threads.run_thread = run_thread
      answer { events = events, torn = order_of }
    }
  }
  location = /none {
    content_by_lua_block {
      local journal = journals.new("/proc/nothing/journal.db", "lastpass")
      local value, message, err = journal:scim_tokens()
      answer { value = value, message = message, code = err.code, kind = err.kind }
    }
  }
  location = /no-pool {
    content_by_lua_block {
      local journal = journals.new(ngx.config.prefix() .. "journal.db", "nothing")
      local value, message, err = journal:scim_tokens()
      answer { value = value, message = message, code = err.code }
    }
  }
]]

describe("the journal of the endpoint", function()
  local server
  before_each(function()
    server = nginx.start {
      main = "thread_pool lastpass threads=4;",
      http = HTTP,
      server = SERVER,
    }
  end)
  after_each(function()
    server:stop()
  end)

  local function get(path)
    local status, body = server:get(path)
    assert.equal(200, status, body)
    return json.decode(body)
  end

  it("gives each call its own result, in however few transactions", function()
    local outcomes = get "/many?count=50"
    for number, outcome in ipairs(outcomes) do
      if number % 5 == 0 then
        assert.equal("raised", outcome.code)
        assert.truthy(outcome.message:find("label", 1, true), outcome.message)
      else
        assert.is_number(outcome.id)
      end
    end
    local tokens = get "/tokens"
    assert.equal(40, #tokens)
    assert.equal("token 1", tokens[1].label)
  end)

  it("makes no new file in place of one that another worker had open", function()
    assert.equal(0, #get "/tokens")
    local path = server.directory .. "/journal.db"
    for _, ending in ipairs { "", "-wal", "-shm" } do
      os.remove(path .. ending)
    end
    server:reload() -- workers that have never used it
    for _ = 1, 4 do
      assert.equal("store_gone", get("/batch").code)
    end
    assert.is_nil(io.open(path, "rb"))
  end)

  it("copies SQLite's log into the file when nothing comes any more", function()
    get "/many?count=50"
    wait("the file", function()
      local file = assert(io.open(server.directory .. "/journal.db", "rb"))
      local bytes = file:seek "end"
      file:close()
      return bytes > 50000 -- the tables alone have more
    end)
  end)

  -- nginx gives memory back when a timer ends
  it("has no timer that lasts as long as a push", function()
    local timers = get("/timers?count=650").timers
    assert.is_true(timers >= 4 and timers < 20, timers)
  end)

  it("has several calls done together, each with its result", function()
    local answered = get "/batch"
    assert.is_number(answered.id)
    assert.matches("hash", answered.message)
    assert.equal("b", answered.tokens[1].label)
  end)

  it(
    "writes nothing into a file that was removed, makes no new one, and goes on when it is back",
    function()
      get "/many?count=5"
      local path = server.directory .. "/journal.db"
      local function tokens()
        return (server:get "/tokens")
      end
      assert(os.rename(path, path .. ".away"))
      for _ = 1, 5 do
        assert.equal(500, tokens())
      end
      assert.is_nil(io.open(path))
      assert(os.rename(path .. ".away", path))
      assert.equal(200, tokens())
      assert.equal(4, #get "/tokens")
    end
  )

  it("answers who reads while a change waits for another's", function()
    get "/many?count=1"
    local other = assert(store.open { path = server.directory .. "/journal.db" })
    other._database:query "BEGIN IMMEDIATE"
    local one = assert(socket.connect("127.0.0.1", server.port))
    one:settimeout(20)
    one:send "GET /many?count=2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert(one:receive "*l")
    assert.equal(1, #get "/tokens")
    other._database:query "ROLLBACK"
    other:close()
    local outcomes = json.decode(one:receive("*a"):match "%[.*%]")
    one:close()
    assert.is_number(outcomes[2].id)
    assert.equal(2, #get "/tokens")
  end)

  it("has on the disk what it says is done, and lets nobody else wait for that", function()
    local done = get "/disk"
    assert.same({
      "waits for the disk",
      "logged",
      "the disk has it",
      "added",
      "waits for the disk",
      "the disk has it",
      "added",
    }, done.events)
    assert.same({ false, false, false }, done.torn)
  end)

  it("begins with the whole log in the file after the disk has refused a commit", function()
    local done = get "/disk?refuses=1"
    assert.same({
      "waits for the disk",
      "logged",
      "the disk has it",
      "store_io, uncertain",
      "waits for the disk",
      "the disk has it",
      "added",
    }, done.events)
    assert.same({ false, false, true }, done.torn)
    assert.equal(2, #get "/tokens")
  end)

  it("names what is wrong with the database, and with the threads", function()
    local failed = get "/none"
    assert.is_nil(failed.value)
    assert.truthy(failed.message:find("/proc/nothing", 1, true), failed.message)
    failed = get "/no-pool"
    assert.equal("no_thread", failed.code)
  end)

  it("finishes what was asked for when its worker is told to quit", function()
    local one = assert(socket.connect("127.0.0.1", server.port))
    one:settimeout(20)
    one:send "GET /many?count=200 HTTP/1.0\r\nHost: a\r\n\r\n"
    assert(one:receive "*l")
    os.execute("kill -QUIT " .. server.pid)
    local text = one:receive "*a"
    one:close()
    local outcomes = json.decode(text:match "\r\n\r\n%s*(.*)$")
    for number, outcome in ipairs(outcomes) do
      assert.truthy(number % 5 == 0 or outcome.id, outcome.message)
    end
  end)
end)
