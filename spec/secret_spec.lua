-- Secrets: where they come from, and that they are not shown.
local check = require "spec.support.check"
local core = require "lastpass.core"
local secret = require "lastpass.secret"

local HASH = ("0123456789abcdef"):rep(4)

describe("lastpass.secret", function()
  local files = {}

  local function write(text, mode)
    local path = os.tmpname()
    files[#files + 1] = path
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    os.execute(("chmod %s %s"):format(mode or "600", path))
    return path
  end

  after_each(function()
    for _, path in ipairs(files) do
      os.execute("chmod 600 " .. path .. "; rm -f " .. path)
    end
    files = {}
  end)

  -- Whether the secret is this text, without ever seeing it.
  local function is(value, text)
    return value:redact("<" .. text .. ">") == "<***>" and value:redact(text .. "x") == "***x"
  end

  describe("file", function()
    it("reads one, without the line's end", function()
      for _, ending in ipairs { "", "\n", "\r\n", "\n\n" } do
        assert.is_true(is(assert(secret.file(write(HASH .. ending))), HASH))
      end
      assert.truthy(secret.file(write(HASH, "400")))
    end)

    it("refuses one that others may read or change", function()
      for _, mode in ipairs { "640", "644", "604", "620", "602", "777", "601", "610" } do
        local path = write(HASH, mode)
        local err = check.failure("argument", "unsafe_file", secret.file(path))
        assert.matches("chmod 600", err.message)
        assert.matches("chmod 600", err.hint)
        assert.is_nil(err.message:find(HASH, 1, true))
      end
    end)

    it("refuses what is no readable file", function()
      check.failure("argument", "unreadable", secret.file "/no/such/file")
      check.failure("argument", "unreadable", secret.file "/tmp")
      check.failure("argument", "unreadable", secret.file "/dev/null")
    end)

    it("does not wait for somebody to write into a pipe", function()
      local path = os.tmpname()
      files[#files + 1] = path
      os.execute(("rm -f %s; mkfifo -m 600 %s"):format(path, path))
      check.failure("argument", "unreadable", secret.file(path))
    end)

    it("refuses what cannot be a secret", function()
      check.failure("argument", "empty_secret", secret.file(write ""))
      check.failure("argument", "empty_secret", secret.file(write "\n"))
      for _, text in ipairs {
        "a\nb",
        "n\0ul",
        "tab\t",
        ("x"):rep(4096),
        ("x"):rep(100000),
      } do
        local err = check.failure("argument", "bad_secret", secret.file(write(text)))
        assert.is_nil(err.message:find(text, 1, true))
      end
      assert.truthy(secret.file(write(("x"):rep(4095))))
    end)

    it("knows the home directory", function()
      if not os.getenv "HOME" then
        return
      end
      local name = ("%s/.lastpass-spec-%d"):format(os.getenv "HOME", os.time())
      files[#files + 1] = name
      local file = assert(io.open(name, "w"))
      file:write(HASH)
      file:close()
      os.execute("chmod 600 " .. name)
      assert.is_true(is(assert(secret.file((name:gsub("^.*/", "~/")))), HASH))
    end)
  end)

  it("env takes a variable", function()
    local interpreter = rawget(_G, "jit") and "luajit"
      or _VERSION == "Lua 5.1" and "lua5.1"
      or "lua5.4"
    local path = write [[
      local secret = require "lastpass.secret"
      local one = assert(secret.env "CANARY")
      print(one:redact("<" .. ("0123456789abcdef"):rep(4) .. ">"), os.getenv "CANARY")
    ]]
    local pipe = assert(io.popen(("env CANARY=%s %s %s"):format(HASH, interpreter, path)))
    local output = pipe:read "*a"
    pipe:close()
    assert.equal("<***>\tnil\n", output)
    local err =
      check.failure("argument", "no_such_variable", secret.env "LASTPASS_NO_SUCH_VARIABLE")
    assert.matches("LASTPASS_NO_SUCH_VARIABLE", err.message)
  end)

  it("command runs no program that others can change", function()
    local path = write("#!/bin/sh\necho " .. HASH .. "\n", "755")
    local lines = { path, "'" .. path .. "' x", "  " .. path .. " | cat", path .. ";true" }
    for _, line in ipairs(lines) do
      assert.is_true(is(assert(secret.command(line)), HASH), line)
    end
    for _, mode in ipairs { "775", "757", "777" } do
      os.execute(("chmod %s %s"):format(mode, path))
      for _, line in ipairs(lines) do
        local err = check.failure("argument", "unsafe_file", secret.command(line))
        assert.matches("can be changed by others %(mode " .. mode, err.message)
        assert.matches("chmod go%-w", err.hint)
      end
    end
    assert.truthy(secret.command "printf x/y")
  end)

  it("command takes what a command prints", function()
    assert.is_true(is(assert(secret.command("echo " .. HASH)), HASH))
    assert.is_true(is(assert(secret.command("printf %s " .. HASH)), HASH))
    check.failure("argument", "command_failed", secret.command("echo " .. HASH .. "; exit 3"))
    check.failure("argument", "command_failed", secret.command "exit 1")
    check.failure("argument", "command_failed", secret.command "/no/such/program 2>/dev/null")
    check.failure("argument", "empty_secret", secret.command "true")
    check.failure("argument", "bad_secret", secret.command "printf 'two\\nlines'")
  end)

  it("descriptor reads an open one to its end", function()
    local interpreter = rawget(_G, "jit") and "luajit"
      or _VERSION == "Lua 5.1" and "lua5.1"
      or "lua5.4"
    local pipe = assert(
      io.popen(
        ("echo %s | %s -e \"local s = assert(require('lastpass.secret').descriptor(0)) "):format(
          HASH,
          interpreter
        ) .. ("print(s:redact('a%sb'))\""):format(HASH)
      )
    )
    assert.equal("a***b", pipe:read "*l")
    pipe:close()
    check.failure("argument", "unreadable", secret.descriptor(987))
  end)

  it("prompt says when there is no terminal", function()
    local interpreter = rawget(_G, "jit") and "luajit"
      or _VERSION == "Lua 5.1" and "lua5.1"
      or "lua5.4"
    local pipe = assert(
      io.popen(
        ('setsid %s -e "local _, _, err = '):format(interpreter)
          .. "require('lastpass.secret').prompt() print(err.code)\" </dev/null"
      )
    )
    assert.equal("no_terminal", pipe:read "*l")
    pipe:close()
  end)

  it("prompt asks without echo", function()
    -- script(1) gives the program a terminal
    local interpreter = rawget(_G, "jit") and "luajit"
      or _VERSION == "Lua 5.1" and "lua5.1"
      or "lua5.4"
    local program = write(
      "local s = assert(require('lastpass.secret').prompt 'Secret? ')\n"
        .. ("print(s:redact 'got %s')"):format(HASH)
    )
    local pipe = assert(
      io.popen(
        ("(sleep 0.3; echo %s) | script -qec '%s %s' /dev/null 2>&1"):format(
          HASH,
          interpreter,
          program
        )
      )
    )
    local output = pipe:read "*a"
    pipe:close()
    assert.matches("Secret? ", output, 1, true)
    assert.matches("got ***", output, 1, true)
  end)

  it("value takes a text", function()
    assert.is_true(is(assert(secret.value(HASH)), HASH))
    check.failure("argument", "bad_secret", secret.value "two\nlines")
    check.failure("argument", "bad_secret", secret.value(("x"):rep(5000)))
  end)

  it("raises for what is no text, at the caller's line", function()
    for _, name in ipairs { "file", "env", "command", "value" } do
      for _, wrong in ipairs { 5, {}, false, "" } do
        assert.matches(
          wrong == "" and "^lastpass%.secret%.%a+: needs a string$"
            or "^lastpass%.secret%.%a+: '%a+' must be a string, not a " .. type(wrong),
          check.blamed(function()
            secret[name](wrong)
          end)
        )
      end
      check.blamed(function()
        secret[name]()
      end)
    end
    check.blamed(function()
      secret.descriptor "0"
    end)
  end)

  describe("a secret", function()
    it("does not show itself", function()
      local one = assert(secret.value(HASH))
      assert.equal("lastpass.secret (hidden)", tostring(one))
      assert.is_nil(tostring(one):find("0123", 1, true))
      assert.is_false((pcall(function()
        return #one > 0 and one .. ""
      end)))
      assert.is_false(one == HASH)
      assert.is_true(core.secret.is(one))
      for _, other in ipairs { 5, "x", {}, io.stdout, false } do
        assert.is_false(core.secret.is(other))
      end
      assert.is_false(core.secret.is(nil))
    end)

    it("takes itself out of texts", function()
      local one = assert(secret.value(HASH))
      assert.equal("", one:redact "")
      assert.equal("nothing here", one:redact "nothing here")
      assert.equal("*** and ***", one:redact(HASH .. " and " .. HASH))
      assert.equal("******", one:redact(HASH .. HASH))
      assert.equal("x\0***\0", one:redact("x\0" .. HASH .. "\0"))
      assert.equal("b***b", assert(secret.value "aa"):redact "baab")
      assert.equal("***", assert(secret.value "a"):redact "a")
      assert.equal(("***"):rep(1000), assert(secret.value "a"):redact(("a"):rep(1000)))
    end)

    it("knows how it begins", function()
      local one = assert(secret.value "lpkey_abc")
      assert.is_true(one:starts_with "lpkey_")
      assert.is_true(one:starts_with "")
      assert.is_false(one:starts_with "lpkey_abcd")
      assert.is_false(one:starts_with "x")
      assert.is_false(one:starts_with(("l"):rep(100)))
    end)

    it("is gone once it is closed", function()
      local one = assert(secret.value(HASH))
      one:close()
      one:close()
      assert.equal(HASH, one:redact(HASH))
      assert.is_false(one:starts_with "0")
      local body, message = core.updateuser(
        { cid = 5, provhash = one },
        { username = "a@x.example" }
      )
      assert.is_nil(body)
      assert.matches("provhash must be a secret that is still open", message)
    end)

    it("lives as long as one of its handles", function()
      local one = assert(secret.value(HASH))
      local other = assert(core.secret.by_number(one:number()))
      one:close()
      assert.is_true(is(other, HASH))
      local number = other:number()
      other:close()
      assert.is_nil((core.secret.by_number(number)))
      assert.is_nil((core.secret.by_number(0)))
      assert.is_nil((core.secret.by_number(123456)))
    end)

    it("can be one of many, and they do not mix", function()
      local list = {}
      for i = 1, 40 do
        list[i] = assert(secret.value(("secret%03d"):format(i)))
      end
      for i = 1, 40, 2 do
        list[i]:close()
      end
      for i = 2, 40, 2 do
        assert.is_true(is(list[i], ("secret%03d"):format(i)))
      end
      local again = assert(secret.value "another")
      assert.is_true(is(again, "another"))
      for i = 2, 40, 2 do
        list[i]:close()
      end
    end)
  end)
end)
