local check = require "spec.support.check"
local connection = require "lastpass.store.connection"
local support = require "spec.support.store"

describe("store.connection", function()
  local folder

  before_each(function()
    folder = support.folder()
  end)

  after_each(function()
    support.remove(folder)
  end)

  it("makes every commit durable, and waiting bounded", function()
    local database = assert(connection.open_file(folder .. "/x.db", 0.0301))
    local function pragma(name)
      return assert(database:read(function(open)
        return open:first(
          ("SELECT CAST(%s AS TEXT) AS value FROM pragma_%s"):format(
            name == "busy_timeout" and "timeout" or name,
            name
          )
        )
      end)).value
    end
    assert.equal("wal", pragma "journal_mode")
    assert.equal("2", pragma "synchronous") -- FULL
    assert.equal("31", pragma "busy_timeout")
    database:close()
  end)

  it("copies its log into the file as late as is asked, and when it is told to", function()
    local path = folder .. "/x.db"
    local database = assert(connection.open_file(path, 1, 100000))
    local function size()
      local file = assert(io.open(path, "rb"))
      local bytes = file:seek "end"
      file:close()
      return bytes
    end
    assert(database:transaction(function(open)
      open:query "CREATE TABLE numbers (number BIGINT, text TEXT)"
      return true
    end))
    for number = 1, 1200 do -- more pages than SQLite's own limit
      assert(database:transaction(function(open)
        open:query("INSERT INTO numbers VALUES (?, ?)", number, ("x"):rep(200))
        return true
      end))
    end
    local before = size()
    assert.is_true(before < 200 * 1200)
    assert.is_true(database:checkpoint())
    assert.is_true(size() > 200 * 1200)
    database:close()
  end)

  -- A database that answers with one row, whatever it is asked.
  local function answering(row)
    return {
      label = "there",
      query = function() end,
      first = function()
        return row
      end,
    }
  end

  it("refuses what is too old", function()
    local err = check.failure(
      "argument",
      "sqlite_too_old",
      connection.set_up_sqlite(answering { version = "3.34.1" }, 1)
    )
    assert.equal("there: SQLite 3.34.1 is too old, 3.35 is needed", err.message)
    assert.is_true(connection.set_up_sqlite(answering { version = "3.35.0" }, 1))
    assert.is_true(connection.set_up_sqlite(answering { version = "4.0.0" }, 1))
    local server = { version = "90624", shown = "9.6.24", encoding = "UTF8", synchronous = "on" }
    err = check.failure(
      "argument",
      "postgresql_too_old",
      connection.set_up_postgresql(answering(server), 1)
    )
    assert.matches("PostgreSQL 9.6.24", err.message, 1, true)
    server.version = "100000"
    assert.is_true(connection.set_up_postgresql(answering(server), 1))
    server.encoding = "LATIN1"
    check.failure("argument", "bad_encoding", connection.set_up_postgresql(answering(server), 1))
  end)

  it("can be done by several processes at once", function()
    for round = 1, 3 do
      local children = {}
      for index = 1, 5 do
        children[index] = support.child { "open", ("%s/%d.db"):format(folder, round) }
      end
      for _, child in ipairs(children) do
        assert.equal("opened\n", child:wait())
      end
    end
  end)
end)
