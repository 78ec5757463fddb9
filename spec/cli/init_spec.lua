-- The program as a user starts it: a process of its own, always under Lua 5.4.
local json = require "lastpass.json"
local version = require "lastpass.version"

local program = "lua5.4 bin/lastpass "

-- Output (both streams) and exit code.
local function run(arguments)
  local pipe = assert(io.popen(program .. arguments .. " 2>&1; echo $?"))
  local text = pipe:read "*a"
  pipe:close()
  local output, code = text:match "^(.-)(%d+)\n$"
  return output, tonumber(code)
end

local function first_line(path)
  for _ = 1, 500 do
    local file = assert(io.open(path))
    local line = file:read "*l"
    file:close()
    if line then
      return line
    end
    os.execute "sleep 0.02"
  end
end

describe("the program", function()
  it("prints its version", function()
    local output, code = run "version"
    assert.equals("lastpass " .. version .. "\n", output)
    assert.equals(0, code)
  end)

  it("lists its commands", function()
    local output, code = run "--help"
    assert.truthy(output:find("version", 1, true) and output:find("sandbox", 1, true), output)
    assert.equals(0, code)
  end)

  it("refuses what it does not know", function()
    for _, arguments in ipairs { "", "sandbux", "sandbox --user 3", "sandbox --users many" } do
      local output, code = run(arguments)
      assert.truthy(output:find("Usage", 1, true), arguments .. ": " .. output)
      assert.truthy(code ~= 0, arguments)
    end
  end)

  it("says why a sandbox cannot start", function()
    local output, code = run "sandbox --users 2000000 </dev/null"
    assert.truthy(output:find("users", 1, true), output)
    assert.truthy(code ~= 0)
  end)

  it("runs a sandbox until its input ends", function()
    local path = os.tmpname()
    local pipe =
      assert(io.popen("exec " .. program .. "sandbox --users 30 --seed 4 >" .. path, "w"))
    local where = assert(json.decode(first_line(path)))
    local lastpass = require "lastpass"
    local client = lastpass.new {
      cid = where.cid,
      url = where.url,
      provhash = assert(lastpass.secret.file(where.provhash_file)),
    }
    assert.equals(30, client:snapshot():count())
    pipe:close()
    os.remove(path)
    local _, _, err = client:snapshot()
    assert.equals("unreachable", err.code)
    assert.is_nil(io.open(where.provhash_file), "the file with the hash is gone")
  end)
end)
