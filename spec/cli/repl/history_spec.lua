local histories = require "lastpass.cli.repl.history"

describe("repl.history", function()
  local folder, path

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    path = folder .. "/state/lastpass/repl_history"
  end)

  after_each(function()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  it("keeps entries in a file of the user's alone, from session to session", function()
    local history = histories.open(path)
    assert.same({}, history.entries)
    assert.is_true(history:add "users")
    assert.is_true(history:add "for i = 1, 2 do\n  print '\\n'\nend")
    local pipe = io.popen(("stat -c %%a '%s' '%s/state/lastpass'"):format(path, folder))
    assert.equals("600\n700\n", pipe:read "*a")
    pipe:close()
    local other = histories.open(path)
    assert.same({ "users", "for i = 1, 2 do\n  print '\\n'\nend" }, other.entries)
  end)

  it("leaves out secrets, blanks and repetitions", function()
    local history = histories.open(path)
    assert.is_false(history:add 'lastpass.secret.value "swordfish"')
    assert.is_false(history:add "   ")
    assert.is_true(history:add "users")
    assert.is_false(history:add "users")
    assert.is_true(history:add "groups")
    assert.is_true(history:add "users")
    assert.same({ "users", "groups", "users" }, histories.open(path).entries)
    local file = assert(io.open(path))
    assert.is_nil(file:read("*a"):find "swordfish")
    file:close()
  end)

  it("is cut back when it has grown long", function()
    local history = histories.open(path)
    history:add "first"
    local file = assert(io.open(path, "ab"))
    for index = 1, 4000 do
      file:write("x = ", index, "\n")
    end
    file:close()
    local entries = histories.open(path).entries
    assert.equals(2000, #entries)
    assert.equals("x = 4000", entries[2000])
    assert.equals(2000, #histories.open(path).entries)
    local pipe = io.popen("stat -c %a '" .. path .. "'")
    assert.equals("600\n", pipe:read "*a")
    pipe:close()
  end)

  it("works without a file, and with a place that cannot be written", function()
    local history = histories.open(nil)
    assert.is_true(history:add "users")
    assert.same({ "users" }, history.entries)
    history = histories.open "/proc/no/such/place"
    assert.is_true(history:add "users")
  end)
end)
