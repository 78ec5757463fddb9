local check = require "spec.support.check"
local connection = require "lastpass.store.connection"
local databases = require "lastpass.store.database"
local errors = require "lastpass.error"
local support = require "spec.support.store"

describe("store.database", function()
  local folder, database

  before_each(function()
    folder = support.folder()
    database = assert(connection.open_file(folder .. "/x.db", 0.2))
    assert(database:transaction(function(open)
      return open:query "CREATE TABLE t (id @identity, n BIGINT, s TEXT)"
    end))
  end)

  after_each(function()
    database:close()
    support.remove(folder)
  end)

  local function query(...)
    return assert(database:transaction(function(open, ...)
      return open:query(...)
    end, ...))
  end

  it("gives whole numbers back as they were", function()
    for _, number in ipairs { 0, -1, 2 ^ 31, -2 ^ 31 - 1, 4102444800, 2 ^ 53, -2 ^ 53 } do
      local id = query("INSERT INTO t (n) VALUES (?) RETURNING {id}", number)[1].id
      local row = query("SELECT {n}, {n + 0 AS same} FROM t WHERE id = ?", id)[1]
      assert.equal(number, row.n)
      assert.equal(number, row.same)
      if math.type then
        assert.equal("integer", math.type(row.n))
      end
      assert.equal(1, #query("SELECT id FROM t WHERE COALESCE(n, 0) = ?", number))
    end
  end)

  it("tells nothing from empty", function()
    query("INSERT INTO t (n, s) VALUES (?, ?), (?, ?)", nil, "", 5, nil)
    local rows = query "SELECT {n}, s FROM t ORDER BY id"
    assert.same({ { s = "" }, { n = 5 } }, rows)
  end)

  it("orders by number, not by text", function()
    for number = 8, 12 do
      query("INSERT INTO t (n) VALUES (?)", number)
    end
    local list = {}
    for index, row in ipairs(query "SELECT {n} FROM t ORDER BY n") do
      list[index] = row.n
    end
    assert.same({ 8, 9, 10, 11, 12 }, list)
  end)

  it("takes values for values", function()
    local nasty = "'; DROP TABLE t; -- ? $1 @now {id} \\"
    query("INSERT INTO t (s) VALUES (?)", nasty)
    assert.equal(nasty, query("SELECT s FROM t WHERE s = ?", nasty)[1].s)
  end)

  it("takes 999 values at once", function()
    local values = {}
    for index = 1, databases.MOST_PLACEHOLDERS do
      values[index] = index
    end
    local marks = ("(?), "):rep(#values - 1) .. "(?)"
    assert(database:transaction(function(open)
      return open:run("INSERT INTO t (n) VALUES " .. marks, values)
    end))
    assert.equal(999 * 500, query("SELECT {SUM(n) AS total} FROM t")[1].total)
  end)

  it("commits what gives a value, and takes back all else", function()
    local function insert(open)
      open:query "INSERT INTO t (n) VALUES (1)"
    end
    assert.is_true(database:transaction(function(open)
      insert(open)
      return true
    end))
    local _, message = database:transaction(function(open)
      insert(open)
      return errors.fail("conflict", "no", "not now")
    end)
    assert.equal("not now", message)
    local ok, raised = pcall(database.transaction, database, function(open)
      insert(open)
      error({ "mine" }, 0)
    end)
    assert.is_false(ok)
    assert.same({ "mine" }, raised)
    check.failure(
      "protocol",
      "store_failed",
      database:transaction(function(open)
        insert(open)
        open:query "INSERT INTO nowhere VALUES (1)"
      end)
    )
    assert.equal(1, query("SELECT {COUNT(*) AS n} FROM t")[1].n)
  end)

  it("uses a statement again after it has failed", function()
    query "CREATE UNIQUE INDEX once ON t (n)"
    local insert = "INSERT INTO t (n) VALUES (?)"
    query(insert, 1)
    for _ = 1, 2 do
      check.failure(
        "protocol",
        "store_failed",
        database:transaction(function(open)
          return open:query(insert, 1)
        end)
      )
    end
    query(insert, 2)
    assert.equal(2, #query "SELECT n FROM t")
  end)

  it("waits for another writer as long as it was told, and readers wait for nobody", function()
    local other = assert(connection.open_file(folder .. "/x.db", 0.2))
    assert(database:transaction(function(open)
      open:query "INSERT INTO t (n) VALUES (1)"
      local err = check.failure(
        "conflict",
        "store_busy",
        other:transaction(function(second)
          return second:query "INSERT INTO t (n) VALUES (2)"
        end)
      )
      assert.matches("busy_timeout", err.hint)
      assert.same(
        {},
        other:read(function(second)
          return second:query "SELECT n FROM t"
        end)
      )
      return true
    end))
    assert(other:transaction(function(second)
      return second:query "INSERT INTO t (n) VALUES (2)"
    end))
    other:close()
    assert.equal(2, #query "SELECT n FROM t")
  end)

  it("is not left in a transaction that Ctrl-C has broken", function()
    for _, moment in ipairs { "BEGIN IMMEDIATE", "INSERT", "COMMIT" } do
      local run = database.run
      database.run = function(self, sql, ...)
        local rows = run(self, sql, ...)
        if sql == "@begin" and moment == "BEGIN IMMEDIATE" or sql:find("^" .. moment) then
          database.run = nil
          error("interrupted!", 0)
        end
        return rows
      end
      local ok, message = pcall(database.transaction, database, function(open)
        return open:query "INSERT INTO t (n) VALUES (1)"
      end)
      assert.is_false(ok)
      assert.equal("interrupted!", message)
      assert.equal(moment == "COMMIT" and 1 or 0, #query "SELECT n FROM t")
    end
  end)

  it("keeps the values until the last row is read, whatever the collector does", function()
    for number = 1, 200 do
      query("INSERT INTO t (n, s) VALUES (?, ?)", number, "text " .. number)
    end
    local pause = collectgarbage("setpause", 1)
    for length = 1, 40 do
      local rows = query("SELECT s FROM t WHERE s > ? || '' ORDER BY s", ("a"):rep(length * 50))
      assert.equal(200, #rows)
      assert.equal("text 1", rows[1].s)
    end
    collectgarbage("setpause", pause)
  end)

  it("says what to install when LuaDBI or its driver is missing", function()
    for _, name in ipairs { "DBI", "dbd.sqlite3" } do
      local loaded, preload = package.loaded[name], package.preload[name]
      package.loaded[name] = nil
      package.preload[name] = function()
        error "not here"
      end
      local value, message, err = connection.open_file(folder .. "/y.db", 1)
      package.loaded[name], package.preload[name] = loaded, preload
      check.failure("argument", "no_luadbi", value, message, err)
      assert.equal("apt install lua-dbi-sqlite3", err.hint)
    end
    local loaded = package.loaded["dbd.postgresql"]
    package.loaded["dbd.postgresql"] = nil
    package.preload["dbd.postgresql"] = function()
      error "not here"
    end
    local value, message, err = connection.open_server({ label = "p", conninfo = "p" }, nil, 1)
    package.loaded["dbd.postgresql"], package.preload["dbd.postgresql"] = loaded, nil
    check.failure("argument", "no_luadbi", value, message, err)
    assert.equal("apt install lua-dbi-postgresql", err.hint)
  end)

  it("is used no more once it is closed", function()
    database:close()
    database:close()
    assert.matches(
      "is closed",
      check.blamed(function()
        database:read(function() end)
      end)
    )
  end)
end)
