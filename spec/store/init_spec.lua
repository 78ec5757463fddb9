local check = require "spec.support.check"
local contract = require "spec.store.contract"
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local store = require "lastpass.store"
local support = require "spec.support.store"

describe("store.open", function()
  local folder

  before_each(function()
    folder = support.folder()
  end)

  after_each(function()
    support.remove(folder)
  end)

  local function mode(path)
    return support.output("stat -c %a " .. path)
  end

  local function begin(journal, document)
    return journal:begin_run {
      tenant = 5,
      plan = "p",
      kind = "apply",
      document = document,
      total = 1,
    }
  end

  it("makes a journal that only its user reads", function()
    local path = folder .. "/state/lastpass/journal.db"
    local journal = assert(store.open { path = path })
    assert.equal("lastpass.journal (" .. path .. ")", tostring(journal))
    assert(begin(journal))
    assert.equal("700\n", mode(folder .. "/state/lastpass"))
    for _, ending in ipairs { "", "-wal", "-shm" } do
      assert.equal("600\n", mode(path .. ending))
    end
    journal:close()
  end)

  it("has its place in the state folder", function()
    local getenv = os.getenv
    rawset(os, "getenv", function(name)
      return name == "XDG_STATE_HOME" and folder or getenv(name)
    end)
    local journal, message = store.open()
    rawset(os, "getenv", getenv)
    assert(journal, message)
    assert.equal(("lastpass.journal (%s/lastpass/journal.db)"):format(folder), tostring(journal))
    journal:close()
  end)

  it("takes every path for a file", function()
    for _, name in ipairs { "file:x?mode=memory", ":memory", "it's.db" } do
      local script = "local store = require 'lastpass.store' "
        .. ("local journal = assert(store.open { path = %q }) "):format(name)
        .. "print(journal) journal:close()"
      support.write(folder .. "/script.lua", script)
      local command = ("cd %s && %s script.lua"):format(folder, support.interpreter())
      assert.equal(("lastpass.journal (%s)\n"):format(name), support.output(command))
      assert.is_true(#support.read(folder .. "/" .. name) > 4096)
    end
  end)

  it("lives in memory when it is asked to", function()
    local journal = assert(store.open { path = ":memory:" })
    assert.equal(1, journal:begin_run { tenant = 5, plan = "sha", kind = "apply", total = 1 })
    journal:close()
    assert.is_nil(io.open ":memory:")
    local other = assert(store.open { path = ":memory:" })
    assert.same({}, other:runs())
    other:close()
  end)

  it("says when a file is no journal, or damaged", function()
    local path = folder .. "/x.db"
    support.write(path, ("this is no database\n"):rep(500))
    local err = check.failure("protocol", "store_damaged", store.open { path = path })
    assert.equal(1, err.message:find("journal " .. path .. ": ", 1, true))
    assert.matches("backup", err.hint)

    path = folder .. "/y.db"
    local journal = assert(store.open { path = path })
    for _ = 1, 50 do
      assert(begin(journal, support.output "head -c 3000 /dev/urandom"))
    end
    journal:close()
    local bytes = support.read(path)
    support.write(path, bytes:sub(1, 8192) .. ("\170"):rep(#bytes - 8192))
    local opened, message
    opened, message, err = store.open { path = path }
    if opened then
      check.failure("protocol", "store_damaged", opened:runs())
      check.failure("protocol", "store_damaged", begin(opened, "x"))
      opened:close()
    else
      check.failure("protocol", "store_damaged", opened, message, err)
    end
  end)

  it("says when there can be no file", function()
    support.write(folder .. "/plain", "")
    for _, path in ipairs { folder .. "/plain/x.db", folder, "/proc/lastpass/x.db" } do
      local err = check.failure("argument", "store_unopened", store.open { path = path })
      assert.matches("path", err.hint)
    end
  end)

  it("says when the disk is full, keeps what it has, and goes on when there is room", function()
    local journal = assert(store.open { path = folder .. "/x.db" })
    local run = assert(begin(journal, "small"))
    support.tamper(journal, "PRAGMA max_page_count = 30")
    local large = support.output "head -c 300000 /dev/urandom"
    local err = check.failure("argument", "store_full", begin(journal, large))
    assert.matches("free space", err.hint)
    assert.equal("small", journal:run(run).document)
    assert.equal(1, #journal:runs())
    support.tamper(journal, "PRAGMA max_page_count = 100000")
    assert(begin(journal, large))
    journal:close()
  end)

  -- A file system of its own, seen by the child only.
  local function with_mount(options)
    local user = support.output "id -u" == "0\n" and "" or "r"
    return ("unshare -%sm sh -c 'mount -t tmpfs %s && exec \"$@\"' sh"):format(user, options)
  end

  it("says when a real disk is full", function()
    local front = with_mount("-o size=1m none " .. folder)
    if support.output(front .. " echo mounted 2>/dev/null") ~= "mounted\n" then
      pending "this user may not mount"
    end
    local child = support.child({ "fill", folder .. "/x.db", "5" }, front)
    assert.equal("store_full", child:read())
    assert.matches("free space", child:read())
    assert.equal("whole", child:read())
    child:wait()
  end)

  it("says when it may only read", function()
    local journal = assert(store.open { path = folder .. "/x.db" })
    assert(begin(journal))
    journal:close()
    local copy = ("none %s.copy && cp %s/x.db %s.copy && mount -o remount,ro %s.copy"):format(
      folder,
      folder,
      folder,
      folder
    )
    os.execute(("mkdir %s.copy"):format(folder))
    local front = with_mount(copy)
    local able = support.output(front .. " echo mounted 2>/dev/null") == "mounted\n"
    local answers = {}
    if able then
      for _, name in ipairs { "x.db", "new.db" } do
        local child = support.child({ "open", folder .. ".copy/" .. name }, front)
        answers[#answers + 1] = child:wait()
      end
    end
    os.execute(("rmdir %s.copy"):format(folder))
    if not able then
      pending "this user may not mount"
    end
    assert.matches("^store_[ru][en][ao][dp]", answers[1]) -- store_read_only or store_unopened
    assert.matches("^store_unopened .*ead%-only", answers[2])
  end)

  it("is quick: intents and outcomes of 100 steps, and 10,000", function()
    local journal = assert(store.open { path = folder .. "/x.db" })
    local run = assert(begin(journal))
    local function list(first, last, more)
      local steps = {}
      for number = first, last do
        steps[#steps + 1] = { number = number, state = more and "done" or nil }
        if not more then
          steps[#steps].kind = "disable"
          steps[#steps].subject = ("user%d@acme.example"):format(number)
          steps[#steps].before = { fullname = "Ann Lee", groups = { "Finance", "All" } }
        end
      end
      return steps
    end
    assert(journal:intend(run, list(1, 10000)))
    assert(journal:record(run, list(1, 10000, true)))
    assert.equal(10000, #journal:steps(run))
    assert.equal(10000, journal:amounts(5, 0, {}).disable)
    journal:close()
  end)

  it("does not wait for ever for another writer", function()
    local path = folder .. "/x.db"
    local blocker = assert(store.open { path = path })
    local journal = assert(store.open { path = path, busy_timeout = 0.1 })
    blocker._database:transaction(function(database)
      database:query "UPDATE lastpass_runs SET total = 0"
      -- the other writer ends after this: whoever waits for it waits for ever
      check.failure("conflict", "store_busy", begin(journal))
      -- who only reads is let in
      local reader = assert(store.open { path = path, busy_timeout = 0.1 })
      assert.same({}, reader:runs())
      reader:close()
      return true
    end)
    assert(begin(journal))
    journal:close()
    blocker:close()
  end)

  it("blames wrong options on their line", function()
    for expected, options in pairs {
      ["did you mean 'path'"] = { pth = "x" },
      ["'path' must be a non-empty string"] = { path = "" },
      ["exclude each other"] = { path = "x", dsn = "y" },
      ["unknown option 'password'"] = { dsn = "x", password = "s3cret" },
      ["'lock_timeout' must be a number of seconds above 0"] = { lock_timeout = 0 },
    } do
      local message = check.blamed(function()
        store.open(options)
      end)
      assert.matches(expected, message, 1, true)
      assert.is_nil(message:find("s3cret", 1, true))
    end
  end)
end)

local function client(options)
  options.url = options.url or "https://lastpass.com/enterpriseapi.php"
  options.cid = options.cid or 5
  options.provhash = lastpass.secret.value "nothing-is-sent"
  return lastpass.new(options)
end

describe("store: the journal of a client", function()
  it("tells companies apart by account and address", function()
    assert.equal("lastpass.com/enterpriseapi.php 8771312", store.tenant(client { cid = 8771312 }))
    assert.equal(
      "127.0.0.1:81/x 999999999999999",
      store.tenant(client { cid = "999999999999999", url = "http://127.0.0.1:81/x" })
    )
  end)

  it("is one for a place", function()
    local files = {}
    local one, other = plans.path(files), plans.path(files)
    local journal = assert(store.of(client { journal = one }))
    assert.equal(journal, store.of(client { journal = one, cid = 6 }))
    assert.are_not.equal(journal, store.of(client { journal = other }))
    plans.remove(files)
  end)

  it("fails as the store does", function()
    check.failure(nil, nil, store.of(client { journal = "/dev/null/x.db" }))
    check.failure("argument", nil, store.of(client { journal = "postgresql://a:b@h/d" }))
  end)
end)

local busted = {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
  after_each = after_each,
}

contract.on_files("store.journal", contract.journal, busted)
