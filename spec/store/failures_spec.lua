local check = require "spec.support.check"
local failures = require "lastpass.store.failures"

describe("store.failures", function()
  it("knows the databases' words", function()
    for text, expected in pairs {
      ["Execute failed database is locked"] = { "conflict", "store_busy" },
      ["ERROR:  canceling statement due to lock timeout"] = { "conflict", "store_busy" },
      ["Execute failed database or disk is full"] = { "argument", "store_full" },
      ['could not extend file "base/1/2": No space left on device'] = { "argument", "store_full" },
      ["Execute failed attempt to write a readonly database"] = { "argument", "store_read_only" },
      ["unable to open database file"] = { "argument", "store_unopened" },
      ["file is not a database"] = { "protocol", "store_damaged" },
      ["database disk image is malformed"] = { "protocol", "store_damaged" },
      ["Execute failed disk I/O error"] = { "argument", "store_io" },
      ["/a b/store/database.lua:7: Fetch failed database or disk is full"] = {
        "argument",
        "store_full",
      },
    } do
      local err = check.failure(expected[1], expected[2], failures.fail("/j.db", text, false))
      assert.equal(1, err.message:find("journal /j.db: ", 1, true))
      assert.truthy(err.hint)
      assert.is_nil(err.message:find "failed")
      assert.is_nil(err.message:find("database.lua", 1, true))
    end
  end)

  it("shows what it does not know", function()
    local err = check.failure(
      "protocol",
      "store_failed",
      failures.fail(
        "dsn",
        "Error executing statement parameters: ERROR:  la table\n  manque\n",
        false
      )
    )
    assert.equal("journal dsn: la table manque", err.message)
  end)

  it("knows a lost connection whatever its words", function()
    local err = check.failure(
      "transport",
      "store_lost",
      failures.fail("dsn", "weg", true, {
        uncertain = true,
      })
    )
    assert.is_true(err.uncertain)
  end)

  it("says how to learn why no connection came about", function()
    local err = check.failure(
      "transport",
      "store_unreachable",
      failures.unreachable { label = "postgresql://h/d", conninfo = "postgresql://h/d?x=1" }
    )
    assert.equal("journal postgresql://h/d: no connection to the server", err.message)
    assert.matches("psql 'postgresql://h/d?x=1'", err.hint, 1, true)
  end)

  it("says what to do with a damaged journal", function()
    local err = check.failure("protocol", "store_damaged", failures.damaged("/j.db", "run 5"))
    assert.equal("journal /j.db: run 5", err.message)
    assert.matches("backup", err.hint)
  end)
end)
