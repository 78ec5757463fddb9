local check = require "spec.support.check"
local files = require "lastpass.report.folder"
local planted = require "spec.support.planted"

describe("lastpass.report.folder", function()
  local made

  before_each(function()
    made = {}
  end)

  after_each(function()
    planted.remove(made)
  end)

  it("makes folders and files for their owner alone", function()
    local path = planted.path(made)
    assert(files.make(path .. "/it's a 'b'"))
    assert(files.make(path .. "/it's a 'b'")) -- there already
    assert(files.write(path .. "/it's a 'b'/x.txt", "text"))
    assert(files.write(path .. "/a.txt", "text"))
    assert.equal("text", files.read(path .. "/a.txt"))
    assert.same({ "a.txt", "it's a 'b'/x.txt" }, files.list(path))
    local pipe = io.popen(("stat -c %%a '%s' '%s/a.txt'"):format(path, path))
    assert.equal("700\n600\n", pipe:read "*a")
    pipe:close()
  end)

  it("says what it could not do", function()
    local path = planted.path(made)
    check.failure("argument", "cannot_read", files.list(path))
    check.failure("argument", "cannot_read", files.read(path))
    check.failure("argument", "cannot_write", files.write(path .. "/x", "text"))
    check.failure("argument", "cannot_write", files.make "/proc/none/x")
    check.failure("argument", "cannot_read", files.read "/tmp")
  end)

  it("quotes for the shell", function()
    local ok, output = files.run("printf %s " .. files.quote 'a\'b $HOME `x` "y"')
    assert.is_true(ok)
    assert.equal('a\'b $HOME `x` "y"', output)
    ok = files.run "false"
    assert.is_false(ok)
  end)
end)
