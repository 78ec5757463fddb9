-- Files replaced whole or not at all.
local core = require "lastpass.core"

local function run(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read "*a"
  file:close()
  return text
end

describe("core.write_file", function()
  local folder

  before_each(function()
    folder = run "mktemp -d"
  end)

  after_each(function()
    os.execute("chmod 700 " .. folder .. "; rm -rf " .. folder)
  end)

  it("writes all bytes, for the owner alone", function()
    local path = folder .. "/plan.json"
    local text = ("a\0\255\r\n"):rep(100000)
    assert.is_true(core.write_file(path, text))
    assert.equal(text, read(path))
    assert.equal("600", run("stat -c %a " .. path))
    assert.is_true(core.write_file(path, ""))
    assert.equal("", read(path))
    assert.equal("plan.json", run("ls -A " .. folder))
  end)

  it("replaces what stands there, and its rights", function()
    local path = folder .. "/plan.json"
    os.execute(("echo old > %s; chmod 644 %s; ln %s %s/other"):format(path, path, path, folder))
    assert.is_true(core.write_file(path, "new"))
    assert.equal("new", read(path))
    assert.equal("600", run("stat -c %a " .. path))
    assert.equal("old\n", read(folder .. "/other"))
  end)

  it("replaces a link, not what it points to", function()
    os.execute(("echo old > %s/real; ln -s real %s/link"):format(folder, folder))
    assert.is_true(core.write_file(folder .. "/link", "new"))
    assert.equal("old\n", read(folder .. "/real"))
    assert.equal("new", read(folder .. "/link"))
    assert.equal("regular file", run("stat -c %F " .. folder .. "/link"))
  end)

  it("leaves what was there when it fails, and nothing beside it", function()
    for reason, path in pairs {
      ["No such file or directory"] = folder .. "/none/plan.json",
      ["Is a directory"] = folder,
      ["Not a directory"] = "/dev/null/plan.json",
      ["File name too long"] = folder .. "/" .. ("x"):rep(255),
    } do
      local ok, message = core.write_file(path, "text")
      assert.is_nil(ok)
      assert.equal(reason, message)
    end
    assert.equal("", run("ls -A " .. folder))
  end)

  it("keeps the old file when the new one does not fit", function()
    -- a process of its own, with a limit on the size of files
    local script = folder .. "/write.lua"
    assert.is_true(core.write_file(folder .. "/plan.json", "old"))
    assert.is_true(core.write_file(
      script,
      ([[
        package.cpath, package.path = %q, %q
        local ok, message = require("lastpass.core").write_file(%q, ("x"):rep(100000))
        io.stdout:write(tostring(ok), " ", message)
      ]]):format(package.cpath, package.path, folder .. "/plan.json")
    ))
    local interpreter = rawget(_G, "ngx") and "luajit" or run "readlink /proc/$PPID/exe"
    local said = run(("ulimit -f 8; trap '' XFSZ; %s %s"):format(interpreter, script))
    assert.equal("nil File too large", said)
    assert.equal("old", read(folder .. "/plan.json"))
    assert.equal("plan.json\nwrite.lua", run("ls -A " .. folder))
  end)

  it("leaks no descriptor", function()
    local function open_descriptors()
      return tonumber(run "ls /proc/$PPID/fd | wc -l")
    end
    local before = open_descriptors()
    for _ = 1, 50 do
      core.write_file(folder .. "/plan.json", "x")
      core.write_file(folder .. "/none/plan.json", "x")
      core.write_file(folder, "x")
    end
    assert.equal(before, open_descriptors())
  end)

  it("raises for what is no path", function()
    for _, wrong in ipairs { "", "a\0b" } do
      assert.has_error(function()
        core.write_file(wrong, "x")
      end)
    end
    assert.has_error(function()
      core.write_file(nil, "x")
    end)
    assert.has_error(function()
      core.write_file(folder .. "/x")
    end)
  end)
end)

describe("core.is_terminal", function()
  it("is false, and there is no size, where nothing is open", function()
    assert.is_false(core.is_terminal(999))
    assert.is_nil((core.terminal_size(999)))
  end)
end)

describe("core.sync_file", function()
  local folder, path

  before_each(function()
    folder = run "mktemp -d"
    path = folder .. "/file"
    assert.is_true(core.write_file(path, "text"))
  end)

  after_each(function()
    os.execute("rm -rf " .. folder)
  end)

  it("puts on the disk what is in a file, whoever wrote it", function()
    local file = assert(io.open(path, "rb"))
    assert.is_true(core.sync_file(file, path))
    os.execute(("ln -s file %s/link"):format(folder))
    assert.is_true(core.sync_file(file, folder .. "/link"))
    file:close()
  end)

  it("says that another file has its place, or none", function()
    local file = assert(io.open(path, "rb"))
    assert.is_true(core.write_file(path, "another"))
    assert.is_false(core.sync_file(file, path))
    os.remove(path)
    local synced, message = core.sync_file(file, path)
    assert.is_nil(synced)
    assert.is_string(message)
    file:close()
    assert.has_error(function()
      core.sync_file(file, path)
    end)
    assert.has_error(function()
      core.sync_file("file", path)
    end)
  end)
end)
