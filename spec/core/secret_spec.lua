-- Secrets in locked memory: where they come from, what is refused, and that nothing shows them.
local core = require "lastpass.core"
local secret = core.secret

local CANARY = "canary0123456789abcdef"

local function shell(command)
  local ok = os.execute(command)
  assert.is_true(ok == true or ok == 0, command)
end

describe("core.secret", function()
  local path, open

  before_each(function()
    path, open = os.tmpname(), {}
  end)

  after_each(function()
    os.execute(("rm -rf '%s'"):format(path))
    for _, one in ipairs(open) do
      one:close()
    end
  end)

  local function keep(one, message)
    open[#open + 1] = assert(one, message)
    return one
  end

  local function write(text, mode)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    shell(("chmod %s '%s'"):format(mode or "600", path))
  end

  -- What a secret is, seen from outside: nothing but its stars.
  local function is_canary(one)
    return one:redact("<" .. CANARY .. ">") == "<***>"
  end

  -- What runs this.
  local function interpreter()
    local name = arg and arg[-1] or "lua"
    for at = -1, -20, -1 do
      if not (arg and arg[at]) then
        break
      end
      name = arg[at]
    end
    return name
  end

  local function refused(code, pattern, one, message, given)
    assert.is_nil(one)
    assert.equal(code, given)
    assert.matches(pattern, message)
    assert.is_nil(message:find(CANARY, 1, true))
  end

  describe("comes from", function()
    it("a value", function()
      assert.is_true(is_canary(keep(secret.value(CANARY))))
      assert.is_true(is_canary(keep(secret.value(CANARY .. "\r\n\n"))))
      assert.is_truthy(keep(secret.value(("x"):rep(4095))))
      assert.has_error(function()
        secret.value()
      end)
      assert.has_error(function()
        secret.value {}
      end)
    end)

    it("the environment", function()
      refused(
        "no_such_variable",
        "no variable 'LASTPASS_SURELY_NOT_SET'",
        secret.env "LASTPASS_SURELY_NOT_SET"
      )
    end)

    it("the environment, where it is no longer then", function()
      local code = [[
        local secret = require("lastpass.core").secret
        local canary = "canary" .. "0123456789abcdef" -- not as one text in this file
        local function seen(name, text)
          print(name, text:find(canary, 1, true) and "seen" or "not seen")
        end
        local function environ()
          local file = assert(io.open("/proc/self/environ", "rb"))
          local text = file:read "*a"
          file:close()
          return text
        end
        seen("before", environ())
        local one = assert(secret.env "CANARY")
        print("value", one:redact("<" .. canary .. ">"))
        seen("memory", environ())
        print("variable", os.getenv "CANARY", os.getenv "OTHER")
        local pipe = io.popen "env"
        seen("child", pipe:read "*a")
        pipe:close()
        -- who asks again gets it, however many have let go of theirs
        one:close()
        for _ = 1, 2 do
          local again = assert(secret.env "CANARY")
          print("again", again:redact("<" .. canary .. ">"))
          again:close()
        end
        print("bad", select(3, secret.env "EMPTY"), os.getenv "EMPTY")
        print("none", select(3, secret.env "OTHER_CANARY"))
      ]]
      write(code)
      local command = "env CANARY=%s OTHER=kept EMPTY= %s '%s' 2>&1"
      local pipe = assert(io.popen(command:format(CANARY, interpreter(), path)))
      local output = pipe:read "*a"
      pipe:close()
      assert.equal(
        table.concat({
          "before\tseen",
          "value\t<***>",
          "memory\tnot seen",
          "variable\tnil\tkept",
          "child\tnot seen",
          "again\t<***>",
          "again\t<***>",
          "bad\tempty_secret\t",
          "none\tno_such_variable",
          "",
        }, "\n"),
        output
      )
    end)

    it("a file that is the user's alone", function()
      write(CANARY .. "\n")
      assert.is_true(is_canary(keep(secret.file(path))))
      write(CANARY, "400")
      assert.is_true(is_canary(keep(secret.file(path))))
      write(CANARY, "700")
      assert.is_true(is_canary(keep(secret.file(path))))
    end)

    it("no file that others may read or change", function()
      local modes = { "640", "604", "620", "602", "610", "601", "644", "666", "660", "777" }
      for _, mode in ipairs(modes) do
        write(CANARY, mode)
        refused("unsafe_file", "chmod 600", secret.file(path))
      end
    end)

    it("no file that is none", function()
      refused("unreadable", "cannot open", secret.file(path .. "/nothing"))
      refused("unreadable", "cannot open", secret.file "/surely/not/here")
      refused("unreadable", "cannot use", secret.file "/tmp")
      refused("unreadable", "cannot use", secret.file "/dev/null")
      shell(("rm '%s' && mkfifo -m 600 '%s'"):format(path, path))
      refused("unreadable", "cannot use", secret.file(path)) -- and does not wait for a writer
    end)

    it("a command", function()
      assert.is_true(is_canary(keep(secret.command("printf %s " .. CANARY))))
      assert.is_true(is_canary(keep(secret.command("echo " .. CANARY))))
      refused("command_failed", "status 3", secret.command("printf x; exit 3"))
      refused("command_failed", "status", secret.command "surely_not_a_command 2>/dev/null")
      refused("empty_secret", "empty", secret.command "true")
    end)

    it("a descriptor", function()
      local code = [[
        local core = require "lastpass.core"
        local one = assert(core.secret.descriptor(0))
        io.write(one:redact "<canary0123456789abcdef>")
      ]]
      write(code)
      local pipe =
        assert(io.popen(("printf %s | %s '%s' 2>&1"):format(CANARY, interpreter(), path)))
      local output = pipe:read "*a"
      pipe:close()
      assert.equal("<***>", output)
      refused("unreadable", "cannot read", secret.descriptor(987654))
    end)
  end)

  it("has a number that names nothing once it is closed, though its slot is used again", function()
    local SLOTS = 4096
    local old = secret.value "of old"
    local stale = old:number()
    old:close()
    local new
    for _ = 1, 64 do -- other secrets may stand before
      local one = keep(secret.value(CANARY))
      if one:number() % SLOTS == stale % SLOTS then
        new = one
        break
      end
    end
    assert.is_truthy(new, "the slot was not used again")
    assert.not_equal(stale, new:number())
    refused("no_such_secret", "no such secret", secret.by_number(stale))
    local again = keep(secret.by_number(new:number()))
    assert.is_true(is_canary(again))
    for _, number in ipairs { 0, -1, SLOTS, SLOTS * 7, 2 ^ 31, stale + SLOTS * 99 } do
      refused("no_such_secret", "no such secret", secret.by_number(number))
    end
  end)

  describe("refuses", function()
    it("nothing at all", function()
      refused("empty_secret", "empty", secret.value "")
      refused("empty_secret", "empty", secret.value "\n\r\n")
      write ""
      refused("empty_secret", "empty", secret.file(path))
      write "\n"
      refused("empty_secret", "empty", secret.file(path))
    end)

    it("what no password has, and tells what no hash has", function()
      for code = 0, 255 do
        local character = string.char(code)
        if code < 32 or code == 127 then
          refused("bad_secret", "control character", secret.value("a" .. character .. "b"))
        else
          local one = keep(secret.value("a" .. character .. "b"))
          local plain = code > 32 and code < 127 and character ~= '"' and character ~= "\\"
          assert.equal(plain, one:is_plain(), code)
        end
      end
      write(CANARY .. "\nsecond line\n")
      refused("bad_secret", "is it the right file", secret.file(path))
    end)

    it("what is too long", function()
      refused("bad_secret", "too long", secret.value(("x"):rep(4096)))
      write(("x"):rep(4096))
      refused("bad_secret", "too long", secret.file(path))
      refused("bad_secret", "too long", secret.command "printf %04096d 0")
      write(("x"):rep(4095))
      assert.is_truthy(keep(secret.file(path)))
    end)
  end)

  it("is never shown", function()
    local one = keep(secret.value(CANARY))
    assert.equal("lastpass.secret (hidden)", tostring(one))
    assert.is_nil(tostring(one):find(CANARY, 1, true))
    assert.has_error(function()
      return one .. ""
    end)
    assert.has_error(function()
      return #one
    end)
  end)

  it("is cut out of texts", function()
    local one = keep(secret.value(CANARY))
    for text, expected in pairs {
      [""] = "",
      ["nothing"] = "nothing",
      [CANARY] = "***",
      [CANARY .. CANARY] = "******",
      ["a" .. CANARY .. "b" .. CANARY .. "c"] = "a***b***c",
      [CANARY:sub(1, -2)] = CANARY:sub(1, -2),
      ["\0" .. CANARY .. "\0"] = "\0***\0",
      ["canary" .. CANARY] = "canary***",
    } do
      assert.equal(expected, one:redact(text))
    end
    -- a secret that is shorter than its stars
    assert.equal(("***"):rep(1000), keep(secret.value "x"):redact(("x"):rep(1000)))
    assert.equal("***x", keep(secret.value "xx"):redact "xxx")
    assert.has_error(function()
      one:redact()
    end)
  end)

  it("tells kinds of keys apart", function()
    local one = keep(secret.value "lpkey_abcdef")
    assert.is_true(one:starts_with "lpkey_")
    assert.is_true(one:starts_with "")
    assert.is_true(one:starts_with "lpkey_abcdef")
    assert.is_false(one:starts_with "lpkey_abcdefg")
    assert.is_false(one:starts_with "Lpkey_")
    -- not a way to guess the whole of a hash
    assert.is_false(keep(secret.value(CANARY)):starts_with(CANARY))
  end)

  it("has a number by which another thread can name it", function()
    local one = keep(secret.value(CANARY))
    local number = one:number()
    assert.is_true(number > 0)
    local second = keep(secret.by_number(number))
    assert.equal(number, second:number())
    one:close()
    assert.is_true(is_canary(second))
    second:close()
    refused("no_such_secret", "no such secret", secret.by_number(number))
    refused("no_such_secret", "no such secret", secret.by_number(0))
    refused("no_such_secret", "no such secret", secret.by_number(1000000))
  end)

  it("may be closed twice, and is nothing then", function()
    local one, other = secret.value(CANARY), keep(secret.value "other-secret")
    one:close()
    one:close()
    assert.equal(0, one:number())
    assert.equal(CANARY, one:redact(CANARY))
    assert.is_false(one:starts_with "c")
    assert.is_false(one:starts_with "canary")
    assert.equal("***", other:redact "other-secret")
    assert.equal("lastpass.secret (hidden)", tostring(one))
  end)

  it("is told apart from everything else", function()
    local one = secret.value(CANARY)
    assert.is_true(secret.is(one))
    one:close()
    assert.is_true(secret.is(one))
    for _, value in ipairs { CANARY, 7, {}, io.stdout, true } do
      assert.is_false(secret.is(value))
    end
  end)

  it("is wiped when nobody holds it, many times over", function()
    for round = 1, 300 do
      local one = assert(secret.value(CANARY .. round))
      assert.equal("***", one:redact(CANARY .. round))
      if round % 2 == 0 then
        one:close()
      end
    end
    collectgarbage()
    collectgarbage()
    local one = keep(secret.value(CANARY))
    -- the place in the table, below the generation: places are used again
    assert.is_true(one:number() % 4096 < 300)
  end)

  if _VERSION == "Lua 5.4" then
    it("closes at the end of its block", function()
      local number = assert(load [[
        local secret = ...
        local one <close> = assert(secret.value "canary0123456789abcdef")
        return one:number()
      ]])(secret)
      assert.is_nil((secret.by_number(number)))
    end)
  end
end)
