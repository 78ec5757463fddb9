-- SQLite's log and the disk: commits that were not waited for.
local core = require "lastpass.core"
local store = require "lastpass.store"
local support = require "spec.support.store"

describe("store.wal", function()
  local HASH = ("a"):rep(64)
  local sync_file = core.sync_file
  local folder, journal, synced

  before_each(function()
    folder = support.folder()
    journal = assert(store.open { path = folder .. "/x.db" })
    synced = {}
    core.sync_file = function(file, path)
      synced[#synced + 1] = path
      return sync_file(file, path)
    end
  end)

  after_each(function()
    core.sync_file = sync_file
    journal:close()
    support.remove(folder)
  end)

  local function add(connection)
    return { method = "add_scim_token", { connection = connection, hash = HASH, label = "one" } }
  end

  local request = { connection = "entra", action = "patch_user", status = 200 }
  local log = { method = "log_scim_requests", { request } }

  local function level()
    return tonumber(journal._database:first("PRAGMA synchronous ").synchronous)
  end

  local function log_size()
    return #(support.read(folder .. "/x.db-wal") or "")
  end

  it("says of each call whether it has to be on the disk, and waits for none of them", function()
    local results = assert(journal:batch({
      log,
      add "entra",
      { method = "add_scim_token", { connection = "okta", hash = "wrong", label = "two" } },
    }, true))
    assert.equal(1, level()) -- NORMAL
    assert.same({ false, true, false }, {
      results[1].is_unsynced,
      results[2].is_unsynced,
      results[3].is_unsynced,
    })
    assert.is_nil(assert(journal:batch({ { method = "scim_tokens" } }, true))[1].is_unsynced)
    assert.same({}, synced)
    assert.is_true(journal:sync())
    assert.same({ folder .. "/x.db-wal" }, synced)
    assert(journal:batch { add "third" })
    assert.equal(2, level()) -- FULL
  end)

  it("finds the log behind a symbolic link, and the one that came in its place", function()
    os.execute(("ln -s x.db %s/link.db"):format(folder))
    local other = assert(store.open { path = folder .. "/link.db" })
    assert(other:batch({ add "entra" }, true))
    assert.is_true(other:sync())
    local path = folder .. "/x.db-wal"
    assert.same({ path }, synced)
    assert(os.rename(path, path .. ".old"))
    support.write(path, "")
    assert.is_true(other:sync())
    assert.equal(3, #synced) -- the old one was known for what it is
    other:close()
  end)

  -- POSIX takes a process's locks on a file when it closes any descriptor of it: without them, who closes last, as it
  -- believes, deletes the log under us.
  it("keeps its lock on a file that this process opens again", function()
    assert(journal:batch { add "entra" })
    assert(store.open({ path = folder .. "/x.db" })):close()
    local child = support.child { "open", folder .. "/x.db" }
    assert.equal("opened", child:read())
    child:wait()
    assert.is_true(log_size() > 0)
    assert(journal:batch { add "okta" })
    assert.equal("ok", journal._database:first("PRAGMA integrity_check").integrity_check)
  end)

  it("puts all of the log into the file when the disk has refused it once", function()
    assert(journal:batch({ add "entra" }, true))
    assert.is_true(log_size() > 0)
    core.sync_file = function()
      return nil, "Input/output error"
    end
    assert.is_true(journal:sync())
    assert.equal(0, log_size())
    assert.equal(1, #journal:scim_tokens())
  end)

  it("says that what was committed may be lost when that fails as well", function()
    assert(journal:batch({ add "entra" }, true))
    core.sync_file = function()
      return nil, "Input/output error"
    end
    local reader = assert(store.open { path = folder .. "/x.db", busy_timeout = 0.05 })
    reader._database:query "BEGIN"
    assert.equal(1, #reader:scim_tokens())
    assert(journal:batch({ add "okta" }, true))
    journal._database:query "PRAGMA busy_timeout = 50"
    local ok, message, err = journal:sync()
    assert.is_nil(ok)
    assert.matches("Input/output error", message, 1, true)
    assert.same({ "store_io", true }, { err.code, err.uncertain })
    reader._database:query "COMMIT"
    reader:close()
    assert.is_true(journal:checkpoint(true))
    assert.equal(0, log_size())
  end)

  it("has nothing to wait for in memory", function()
    local other = assert(store.open { path = ":memory:" })
    assert(other:batch({ add "entra" }, true))
    assert.is_true(other:sync())
    assert.same({}, synced)
    other:close()
  end)
end)
