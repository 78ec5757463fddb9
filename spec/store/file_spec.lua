local check = require "spec.support.check"
local file = require "lastpass.store.file"
local support = require "spec.support.store"

describe("store.file", function()
  local folder, getenv, environment

  setup(function()
    folder = support.folder()
    getenv = os.getenv
  end)

  teardown(function()
    support.remove(folder)
  end)

  before_each(function()
    environment = {}
    rawset(os, "getenv", function(name)
      return environment[name]
    end)
  end)

  after_each(function()
    rawset(os, "getenv", getenv)
  end)

  local function mode(path)
    return support.output(("stat -c %%a '%s'"):format(path:gsub("'", "'\\''")))
  end

  it("has its place in the state folder", function()
    environment.HOME = "/home/ann"
    assert.equal("/home/ann/.local/state/lastpass/journal.db", file.default_path())
    environment.XDG_STATE_HOME = "/var/state"
    assert.equal("/var/state/lastpass/journal.db", file.default_path())
    environment.XDG_STATE_HOME = "relative"
    assert.equal("/home/ann/.local/state/lastpass/journal.db", file.default_path())
    environment.XDG_STATE_HOME = ""
    assert.equal("/home/ann/.local/state/lastpass/journal.db", file.default_path())
    environment.HOME = nil
    assert.truthy(check.failure("argument", "no_home", file.default_path()).hint)
  end)

  it("knows the home folder's short name", function()
    environment.HOME = "/home/ann"
    assert.equal("/home/ann/x.db", file.expand "~/x.db")
    assert.equal("x~/y", file.expand "x~/y")
    environment.HOME = nil
    assert.equal("~/x.db", file.expand "~/x.db")
  end)

  it("makes folders and file for their user only, whatever their names", function()
    local base = folder .. '/it\'s $(touch bad) "new"'
    local path = base .. "/a/b\nc/-journal.db"
    assert.is_true(file.prepare(path))
    assert.equal("600\n", mode(path))
    assert.equal("700\n", mode(base .. "/a"))
    assert.equal("700\n", mode(base))
    assert.equal("", support.read(path))
    assert.is_nil(support.read "bad")
  end)

  it("leaves alone what is there", function()
    local path = folder .. "/there.db"
    support.write(path, "content")
    os.execute("chmod 640 " .. path)
    assert.is_true(file.prepare(path))
    assert.equal("content", support.read(path))
    assert.equal("640\n", mode(path))
  end)

  it("says why it cannot", function()
    support.write(folder .. "/plain", "")
    for _, path in ipairs { folder .. "/plain/x/journal.db", "/proc/lastpass/journal.db" } do
      local err = check.failure("argument", "store_unopened", file.prepare(path))
      assert.equal(1, err.message:find("journal " .. path .. ": it cannot be made: ", 1, true))
      assert.truthy(err.hint)
    end
  end)
end)
