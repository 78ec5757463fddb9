-- The journal through pgbouncer in transaction mode: each transaction may have another connection of the server.
-- Runs once: what is tried is how statements reach the server.
local check = require "spec.support.check"
local postgresql = require "spec.peers.postgresql"
local socket = require "socket"
local store = require "lastpass.store"
local support = require "spec.support.store"

local PROGRAM = "/usr/sbin/pgbouncer"

local function free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return tonumber(port)
end

describe("the journal through pgbouncer", function()
  local server, pooler, dsn

  setup(function()
    server = postgresql.start()
    local folder = server.folder
    local port = free_port()
    support.write(
      folder .. "/pgbouncer.ini",
      ([[
[databases]
postgres = host=%s port=%d dbname=postgres user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = %s/pgbouncer.log
]]):format(folder, server.port, postgresql.USER, port, folder)
    )
    os.execute(("chmod 644 %s/pgbouncer.ini"):format(folder))
    pooler = assert(
      io.popen(
        ("echo $$; cd %s && exec %s%s -q pgbouncer.ini >/dev/null 2>&1"):format(
          folder,
          server.as_user,
          PROGRAM
        )
      )
    )
    local pid = pooler:read "*l"
    pooler = { pipe = pooler, pid = pid }
    local ends_at = socket.gettime() + 60
    repeat
      socket.sleep(0.05)
      local connection = socket.connect("127.0.0.1", port)
      if connection then
        connection:close()
        break
      end
    until socket.gettime() > ends_at
    dsn = ("postgresql://%s@127.0.0.1:%d/postgres?pool_mode=transaction"):format(
      postgresql.USER,
      port
    )
  end)

  teardown(function()
    os.execute("kill -INT " .. pooler.pid)
    pooler.pipe:close()
    server:stop()
  end)

  local function emptied()
    assert(store.open({ dsn = dsn })):close()
    server:run(
      "DO $do$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables "
        .. "WHERE schemaname = 'public' AND tablename <> 'lastpass_schema' LOOP "
        .. "EXECUTE format('DELETE FROM %I', name); END LOOP; "
        .. "FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP "
        .. "PERFORM setval(name::regclass, 1, false); END LOOP; END $do$"
    )
    return { dsn = dsn }
  end

  describe("runs over companies:", function()
    require "spec.store.tenants_contract"(emptied, {
      it = it,
      before_each = before_each,
      after_each = after_each,
    })
  end)

  it("leaves nothing on the server's connections, and needs none between transactions", function()
    local list = {}
    emptied()
    for index = 1, 6 do -- more than the pooler has for them
      list[index] = assert(store.open { dsn = dsn })
    end
    for round = 1, 5 do
      for index, journal in ipairs(list) do
        local lock = assert(journal:lock(("%d-%d"):format(round, index)))
        local run = assert(journal:begin_run {
          tenant = ("%d-%d"):format(round, index),
          plan = "p",
          kind = "apply",
          total = 1,
        })
        assert(journal:intend(run, { { number = 1, kind = "disable", subject = "a@b.cc" } }))
        assert.is_true(lock:release())
      end
    end
    assert.equal(30, #list[1]:runs { limit = 100 })
    local left = server:run(
      "SELECT CAST(COUNT(*) AS TEXT) AS n FROM pg_stat_activity "
        .. "WHERE state LIKE 'idle in transaction%'"
    )
    assert.equal("0", left.n)
    for _, journal in ipairs(list) do
      local sql = "SELECT CAST(COUNT(*) AS TEXT) AS n FROM pg_prepared_statements"
      -- the setting of the transaction, and the one that asks
      assert.equal("2", support.tamper(journal, sql)[1].n)
      journal:close()
    end
  end)

  it("goes on after statements that failed, its own and others'", function()
    emptied()
    local one, other = assert(store.open { dsn = dsn }), assert(store.open { dsn = dsn })
    for _ = 1, 5 do
      local ok, _, err = one._database:transaction(function(database)
        return database:query "SELECT 1 / 0 AS x"
      end)
      assert.is_nil(ok)
      assert.equal("store_failed", err.code)
      assert(other:add_job { tenant = 5, kind = "x" })
      assert(one:add_job { tenant = 6, kind = "x" })
    end
    assert.equal(10, #one:jobs())
    local taken = check.failure(
      "conflict",
      "store_busy",
      (function()
        local result
        one._database:transaction(function(database)
          database:query "LOCK TABLE lastpass_runs"
          other._database._pool.settings.lock_timeout = "100"
          result = { other:begin_run { tenant = 5, plan = "p", kind = "apply", total = 0 } }
          return true
        end)
        return (table.unpack or unpack)(result, 1, 3)
      end)()
    )
    assert.matches("lock timeout", taken.message)
    one:close()
    other:close()
  end)

  it("takes back what fails, and says so", function()
    emptied()
    local journal = assert(store.open { dsn = dsn })
    local ok = journal._database:transaction(function(database)
      database:query "INSERT INTO lastpass_state (name, value, ends) VALUES ('a', 'b', 1)"
      return nil, "no", {}
    end)
    assert.is_nil(ok)
    assert.same({}, support.tamper(journal, "SELECT name FROM lastpass_state"))
    journal:close()
  end)

  it("refuses another mode", function()
    check.failure(
      "argument",
      "bad_dsn",
      store.open { dsn = dsn:gsub("=transaction", "=statement") }
    )
  end)
end)
