-- Files and folders.
local check = require "spec.support.check"
local files = require "lastpass.files"
local planted = require "spec.support.planted"

describe("lastpass.files", function()
  local made

  before_each(function()
    made = {}
  end)

  after_each(function()
    planted.remove(made)
  end)

  local function modes(...)
    local words = {}
    for place, path in ipairs { ... } do
      words[place] = files.shell_word(path)
    end
    local ok, output = files.run("stat -c %a " .. table.concat(words, " "))
    assert.is_true(ok, output)
    return output
  end

  it("knows whether a file can be read", function()
    local path = planted.path(made)
    assert.is_false(files.is_readable(path))
    assert(files.write(path, ""))
    assert.is_true(files.is_readable(path))
    assert.is_false(files.is_readable(path .. "/below"))
    assert.is_false(files.is_readable(path .. "\0"))
    os.execute(("rm '%s' && mkfifo '%s'"):format(path, path))
    assert.is_true(files.is_readable(path)) -- a pipe that nobody writes to
  end)

  it("knows who can change a file, by whatever way", function()
    local folder = planted.path(made)
    local function shell(command)
      local ok, output = files.run(("umask 022; cd '%s' && %s"):format(folder, command))
      assert.is_true(ok, output)
    end
    assert(files.make_folder(folder))
    shell "mkdir safe open sticky; chmod 777 open; chmod 1777 sticky"
    shell "for f in safe/a safe/b safe/c open/a sticky/a; do echo x >$f; done"
    shell "chmod 664 safe/b; chmod 646 safe/c; chmod 600 safe/a"
    shell "ln -s ../open/a safe/to-open; ln -s ../safe/a open/to-safe"
    shell "ln -s safe/a link; ln -s safe way"
    shell "ln -s open/way-out through; ln -s ../safe open/way-out; ln -s turn turn"
    for name, expected in pairs {
      ["safe/a"] = false,
      ["sticky/a"] = false,
      link = false,
      ["way/a"] = false,
      ["open/../safe/a"] = "/open can be changed by others (mode 777)",
      ["safe/b"] = "/safe/b can be changed by others (mode 664)",
      ["safe/c"] = "/safe/c can be changed by others (mode 646)",
      ["open/a"] = "/open can be changed by others (mode 777)",
      ["safe/to-open"] = "/open can be changed by others (mode 777)",
      ["open/to-safe"] = "/open can be changed by others (mode 777)",
      ["through/a"] = "/open can be changed by others (mode 777)",
      turn = "turn: Too many levels of symbolic links",
      ["safe/none"] = "none: No such file or directory",
    } do
      local reason, hint = files.changeable(folder .. "/" .. name)
      if expected then
        assert.truthy(reason and reason:find(expected, 1, true), name .. ": " .. tostring(reason))
      else
        assert.is_nil(reason, name)
      end
      if reason and reason:find("mode", 1, true) then
        assert.matches("^chmod go%-w '/", hint)
      end
    end
    local _, user = files.run "id -u"
    if user:match "%d+" == "0" then
      shell "chown 12345 safe/a"
      assert.matches(
        "belongs to another user %(number 12345%)$",
        files.changeable(folder .. "/link")
      )
      shell "chown 0 safe/a; chown -h 12345 link"
      assert.matches("/link belongs to another user", files.changeable(folder .. "/link"))
    end
    assert.is_nil(files.changeable "/dev/null")
    assert.is_nil(files.changeable "/etc/passwd")
    for _, no_path in ipairs { "", "a\0b" } do
      assert.has_error(function()
        files.changeable(no_path)
      end)
    end
  end)

  if not rawget(_G, "ngx") then -- the signals of a worker are nginx's
    it("reads what a program says to its end, whatever signal comes meanwhile", function()
      local core = require "lastpass.core"
      assert(core.catch_interrupts())
      finally(core.release_interrupts)
      -- the shell's parent is this process
      local ok, output = files.run "{ sleep 0.2; kill -INT $PPID; sleep 0.2; echo all; }"
      assert.equal(1, (core.interrupts()))
      assert.same({ true, "all\n" }, { ok, output })
    end)
  end

  it("gives any text to a shell as one word", function()
    for _, text in ipairs { "two words", "it's", '$(id) `id` \\ "', "-n", "", "a\nb", "''" } do
      local ok, output = files.run("printf '<%s>' " .. files.shell_word(text))
      assert.is_true(ok)
      assert.equal("<" .. text .. ">", output)
    end
    assert.is_false((files.run "false"))
  end)

  it("writes and reads the same bytes, for the owner alone", function()
    local path, text = planted.path(made), "a\0b\r\n\255"
    assert.is_true(files.write(path, text))
    assert.equal(text, files.read(path))
    assert.equal("600\n", modes(path))
  end)

  it("replaces no device and no pipe by a file, by whatever way", function()
    local folder = planted.path(made)
    assert(files.make_folder(folder))
    local word = files.shell_word(folder)
    local function shell(command)
      local ok, output = files.run(("cd %s && %s"):format(word, command))
      assert.is_true(ok, output)
      return output
    end
    shell "ln -s /dev/null null; ln -s /dev/full full; mkfifo pipe; mkdir other"
    assert.is_true(files.write(folder .. "/null", "text"))
    local err = check.failure("argument", "cannot_write", files.write(folder .. "/full", "text"))
    assert.equal(folder .. "/full: No space left on device", err.message)
    shell "(timeout 60 cat pipe >taken 2>/dev/null & echo $! >reader)"
    assert.is_true(files.write(folder .. "/pipe", "text"))
    shell "test -c null && test -c full && test -p pipe && test -h null"
    shell "while kill -0 $(cat reader) 2>/dev/null; do sleep 0.02; done"
    assert.equal("text", files.read(folder .. "/taken"))
    assert.equal(
      "full\nnull\nother\npipe\nreader\ntaken\n",
      shell "LC_ALL=C ls",
      "nothing else is left behind"
    )
    check.failure("argument", "cannot_write", files.write(folder .. "/other", "text"))
  end)

  it("makes folders for the owner alone, and lists what is in them", function()
    local path = planted.path(made)
    local inner = path .. "/it's a 'b'"
    assert(files.make_folder(inner))
    assert(files.make_folder(inner)) -- there already
    assert(files.write(inner .. "/x.txt", "text"))
    assert(files.write(path .. "/a.txt", "text"))
    assert.same({ "a.txt", "it's a 'b'/x.txt" }, files.list_folder(path))
    assert.equal("700\n700\n", modes(path, inner))
  end)

  it("begins a folder only where nothing is yet", function()
    local path = planted.path(made)
    assert.is_true(files.begin_folder(path, "x"))
    assert.is_true(files.begin_folder(path, "x"))
    assert(files.write(path .. "/a.txt", "text"))
    local err = check.failure("argument", "not_empty", files.begin_folder(path, "it would be lost"))
    assert.equal(path .. ": is not empty; it would be lost", err.message)
    check.failure("argument", "cannot_write", files.begin_folder("/proc/none/x", "x"))
  end)

  it("says what it could not do, and where", function()
    local path = planted.path(made)
    local err = check.failure("argument", "cannot_write", files.write("/nowhere/x.json", "x"))
    assert.equal("/nowhere/x.json", err.file)
    assert.equal("/nowhere/x.json: No such file or directory", err.message)
    err = check.failure("argument", "cannot_read", files.read "/nowhere/x.json")
    assert.equal("/nowhere/x.json: No such file or directory", err.message)
    check.failure("argument", "cannot_read", files.read "/tmp")
    check.failure("argument", "cannot_read", files.list_folder(path))
    check.failure("argument", "cannot_write", files.make_folder "/proc/none/x")
  end)
end)
