-- The journal on a real PostgreSQL: all that it does on a file, and what only a server brings.
-- Runs first: some hundred tests.
local check = require "spec.support.check"
local contract = require "spec.store.contract"
local postgresql = require "spec.peers.postgresql"
local socket = require "socket"
local store = require "lastpass.store"
local support = require "spec.support.store"

describe("the journal on PostgreSQL", function()
  local server

  setup(function()
    server = postgresql.start()
  end)

  teardown(function()
    server:stop()
  end)

  local parts = {
    "runs",
    "steps",
    "step_lists",
    "session_ends",
    "factors",
    "sources",
    "snapshots",
    "cursors",
    "locks",
    "journal",
  }
  local changes_tables = { journal = true }

  for _, part in ipairs(parts) do
    describe(part .. ":", function()
      contract[part](function()
        return { dsn = changes_tables[part] and (server:fresh()) or server:emptied() }
      end, { it = it, before_each = before_each, after_each = after_each })
    end)
  end

  local contracts = {
    jobs = "jobs_contract",
    tenants = "tenants_contract",
    rates = "rates_contract",
    inbound = "inbound_contract",
  }
  for part, file in pairs(contracts) do
    describe(part .. ":", function()
      require("spec.store." .. file)(function()
        return { dsn = server:emptied() }
      end, { it = it, before_each = before_each, after_each = after_each })
    end)
  end

  describe("state:", function()
    local state = require "lastpass.state"

    require "spec.state.contract"(function(now)
      return state.database(server:emptied(), { now = now })
    end, { it = it, before_each = before_each, after_each = after_each })

    it("gives each key to one process only", function()
      require "spec.state.race"((server:fresh()))
    end)

    it("goes on when the server has cut the connection", function()
      local here = state.database((server:fresh()))
      assert.is_true(here:add("a", "1", 600))
      server:run(
        "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS TEXT) AS n FROM pg_stat_activity "
          .. "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
      )
      check.failure("transport", "store_lost", here:get "a")
      assert.equal("1", here:get "a")
    end)
  end)

  it("has one set of a person's factors, whoever replaces it at once", function()
    local dsn = server:fresh()
    local journal = assert(store.open { dsn = dsn })
    local go, children = os.tmpname(), {}
    os.remove(go)
    for index = 1, 3 do
      children[index] = support.child { "factors", dsn, "c" .. index, go }
      assert.equal("ready", children[index]:read())
    end
    assert(io.open(go, "w")):close()
    for _, child in ipairs(children) do
      assert.equal("done\n", child:wait())
    end
    os.remove(go)
    local sets, counts = {}, { totp = 0, recovery = 0 }
    for _, row in ipairs(assert(journal:factors "ann")) do
      counts[row.kind] = counts[row.kind] + 1
      if row.kind == "recovery" then
        sets[row.id:match "^(.*)%-"] = true
      end
    end
    journal:close()
    assert.same({ totp = 5, recovery = 5 }, counts)
    assert.is_nil(next(sets, (next(sets))))
  end)

  local function begin(journal)
    return assert(journal:begin_run { tenant = 5, plan = "sha", kind = "apply", total = 1 })
  end

  it("takes its password from a file, and shows it nowhere", function()
    local function with_file(password)
      local path = server.folder .. "/passwords"
      local file = assert(io.open(path, "w"))
      file:write(("*:*:*:*:%s\n"):format((password:gsub("[:\\]", "\\%0"))))
      file:close()
      assert(os.execute("chmod 600 " .. path))
      return store.open { dsn = server.host_dsn .. "?passfile=" .. path }
    end
    local journal = assert(with_file(postgresql.PASSWORD))
    assert.equal(("lastpass.journal (%s)"):format(server.host_dsn), tostring(journal))
    begin(journal)
    for _, value in pairs(journal._database) do
      assert.is_nil(tostring(value):find(postgresql.PASSWORD, 1, true))
    end
    journal:close()
    local err = check.failure("transport", "store_unreachable", with_file "wrong-password")
    assert.matches("psql 'postgresql://lastpass@127.0.0.1", err.hint, 1, true)
    check.failure("transport", "store_unreachable", store.open { dsn = server.host_dsn })
  end)

  it("says when nobody is there, or no such database", function()
    local closed = assert(socket.bind("127.0.0.1", 0))
    local _, port = closed:getsockname()
    closed:close()
    local dsn = ("postgresql://lastpass@127.0.0.1:%d/postgres"):format(port)
    local err = check.failure("transport", "store_unreachable", store.open { dsn = dsn })
    assert.equal(("journal %s: no connection to the server"):format(dsn), err.message)
    dsn = server.socket_dsn:gsub("/postgres%?", "/nothing?")
    check.failure("transport", "store_unreachable", store.open { dsn = dsn })
  end)

  it("has every commit on the server's disk", function()
    server:run "ALTER ROLE lastpass SET synchronous_commit TO off"
    local journal = assert(store.open { dsn = server:fresh() })
    local function setting()
      local sql = "SELECT current_setting('synchronous_commit') AS value"
      return support.tamper(journal, sql)[1].value
    end
    assert.equal("on", setting())
    journal:close()
    server:run "ALTER ROLE lastpass RESET synchronous_commit"
  end)

  it("refuses a database that cannot hold every name", function()
    server:run "CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'"
    local dsn = server.socket_dsn:gsub("/postgres%?", "/narrow?")
    local err = check.failure("argument", "bad_encoding", store.open { dsn = dsn })
    assert.matches("LATIN1", err.message, 1, true)
  end)

  it("says when it may not make its tables, or not write", function()
    server:run("CREATE ROLE guest LOGIN", "CREATE SCHEMA closed")
    local dsn = server.socket_dsn:gsub("lastpass@", "guest@") .. "&options=-csearch_path%3Dclosed"
    check.failure("argument", "store_read_only", store.open { dsn = dsn })
    server:run "GRANT USAGE ON SCHEMA closed TO guest"
    check.failure("argument", "store_read_only", store.open { dsn = dsn })
    local journal = assert(store.open { dsn = server:fresh() })
    support.tamper(journal, "SET default_transaction_read_only TO on")
    check.failure(
      "argument",
      "store_read_only",
      journal:begin_run {
        tenant = 5,
        plan = "x",
        kind = "apply",
        total = 1,
      }
    )
    assert.same({}, journal:runs())
    journal:close()
  end)

  it("does not wait for ever for another session", function()
    local dsn = server:fresh()
    local blocker = assert(store.open { dsn = dsn })
    local run = begin(blocker)
    local journal = assert(store.open { dsn = dsn, busy_timeout = 0.2 })
    blocker._database:transaction(function(database)
      database:query("UPDATE lastpass_runs SET total = 2 WHERE id = ?", run)
      -- the other session ends its transaction after this: whoever waits for it waits for ever
      check.failure("conflict", "store_busy", journal:end_run(run, "finished"))
      return true
    end)
    assert.is_true(journal:end_run(run, "finished"))
    blocker:close()
    journal:close()
  end)

  it("says when the server is gone, and has everything when it is back", function()
    local dsn = server:fresh(server.socket_dsn)
    local journal = assert(store.open { dsn = dsn })
    local run = begin(journal)
    local list = {}
    for number = 1, 100 do
      list[number] = { number = number, kind = "disable", subject = "a@acme.example" }
    end
    assert(journal:intend(run, list))
    server:kill()
    local err = check.failure(
      "transport",
      "store_lost",
      journal:record(run, {
        { number = 1, state = "done" },
      })
    )
    assert.is_nil(err.uncertain)
    check.failure("transport", "store_lost", journal:run(run))
    journal:close()
    server:restart()
    dsn = dsn:gsub("port=%d+", ("port=%d"):format(server.port))
    journal = assert(store.open { dsn = dsn })
    assert.equal(100, #journal:open_steps(run))
    journal:close()
  end)

  it("calls a commit uncertain whose answer did not come", function()
    local journal = assert(store.open { dsn = (server:fresh()) })
    local err = check.failure(
      "transport",
      "store_lost",
      journal._database:transaction(function(database)
        local own = database:first "SELECT {pg_backend_pid() AS pid}".pid
        server:run(("SELECT pg_terminate_backend(%d)"):format(own))
        socket.sleep(0.2)
        return true
      end)
    )
    assert.is_true(err.uncertain)
    journal:close()
  end)

  it("shows what it does not know, and goes on", function()
    -- a table that is gone: nothing that the store knows a name for
    local journal = assert(store.open { dsn = (server:fresh()) })
    support.tamper(journal, "DROP TABLE lastpass_sources")
    local err = check.failure("protocol", "store_failed", journal:last_source(5, "x"))
    assert.matches('relation "lastpass_sources" does not exist', err.message, 1, true)
    assert.is_true(journal:runs() ~= nil)
    journal:close()
  end)
end)
