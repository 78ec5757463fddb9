-- `lastpass sandbox` as a process: one line on standard output, and an end.
local json = require "lastpass.json"
local sandbox = require "lastpass.sandbox"
local socket = require "socket"

-- The interpreter that runs this spec.
local function interpreter()
  local at = 0
  while arg[at - 1] do
    at = at - 1
  end
  return arg[at]
end

describe("lastpass.sandbox.main", function()
  local script

  setup(function()
    script = os.tmpname()
    local file = assert(io.open(script, "w"))
    file:write(([==[
      package.path, package.cpath = %q, %q
      local ok, message = require("lastpass.sandbox.main").run({ users = 12 })
      io.stdout:write(ok and "ended" or message, "\n")
    ]==]):format(package.path, package.cpath))
    file:close()
  end)

  teardown(function()
    os.remove(script)
  end)

  -- Runs a shell script in which $lua is the program; returns its output.
  local function shell(text)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(("lua='%s %s'\n%s\n"):format(interpreter(), script, text))
    file:close()
    local pipe = assert(io.popen("sh " .. path .. " 2>&1"))
    local output = pipe:read("*a")
    pipe:close()
    os.remove(path)
    return output
  end

  it("says where it is in one JSON line and ends with its standard input", function()
    local output = shell("(sleep 0.7) | $lua")
    local first, second = output:match("^([^\n]*)\n([^\n]*)\n$")
    local line = assert(json.decode(first))
    assert.equal(8771312, line.cid)
    assert.equal(("http://127.0.0.1:%d/enterpriseapi.php"):format(line.port), line.url)
    assert.is_true(line.pid > 1)
    assert.is_nil(first:find(sandbox.PROVHASH, 1, true))
    assert.equal("ended", second)
    assert.is_nil((socket.connect("127.0.0.1", line.port)))
    assert.is_nil(io.open(line.provhash_file), "the file goes with the sandbox")
  end)

  it("puts the hash into a file that a client can use, readable by its owner only", function()
    local output = shell([==[
      out=$(mktemp)
      (sleep 1) | $lua >"$out" &
      for i in 1 2 3 4 5 6 7 8 9; do
        [ -s "$out" ] && break
        sleep 0.1
      done
      file=$(sed -n 's/.*"provhash_file":"\([^"]*\)".*/\1/p' "$out")
      stat -c %a "$file"
      cat "$file"
      wait
      rm "$out"
    ]==])
    assert.equal("600\n" .. sandbox.PROVHASH, (output:gsub("%s+$", "")))
  end)

  for _, signal in ipairs({ "TERM", "INT" }) do
    it("ends at SIG" .. signal .. ", also without an input", function()
      -- setsid-less background jobs of sh ignore SIGINT; env --default-signal undoes that.
      local output = shell(([==[
        out=$(mktemp)
        env --default-signal=INT $lua </dev/null >"$out" &
        pid=$!
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
          [ -s "$out" ] && break
          sleep 0.1
        done
        port=$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$out")
        env -u LD_PRELOAD curl -s "http://127.0.0.1:$port/_sandbox/health"
        kill -%s $pid
        wait $pid
        echo "code $?"
        tail -n 1 "$out"
        rm "$out"
      ]==]):format(signal))
      assert.equal('{"companies":1,"ok":true,"requests":0}\ncode 0\nended\n', output)
    end)
  end
end)
