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

describe("lastpass.sandbox.run", function()
  local script

  setup(function()
    script = os.tmpname()
    local file = assert(io.open(script, "w"))
    file:write(([==[
      package.path, package.cpath = %q, %q
      local ok, message = require("lastpass.sandbox").run({ users = 12 })
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
    assert.equal(("http://127.0.0.1:%d/scimapi/8771312"):format(line.port), line.scim_url)
    assert.equal(("http://127.0.0.1:%d/saml/"):format(line.port), line.saml_url)
    assert.equal(("http://127.0.0.1:%d/saml/sp"):format(line.port), line.saml_sp_url)
    assert.is_nil(first:find(sandbox.SCIM_TOKEN, 1, true))
    assert.is_nil(io.open(line.scim_token_file), "the file goes with the sandbox")
    assert.equal(("http://127.0.0.1:%d"):format(line.port), line.mfa_url)
    assert.equal(line.mfa_url .. "/mfa/phone", line.mfa_phone_url)
    for _, field in ipairs { "mfa_login_key_file", "mfa_key_file", "mfa_private_key_file" } do
      assert.is_string(line[field])
      assert.is_nil(io.open(line[field]), "the file goes with the sandbox")
    end
  end)

  it("puts the hash into a file that a client can use, readable by its owner only", function()
    local output = shell([==[
      out=$(mktemp)
      mkfifo "$out.in"
      $lua <"$out.in" >"$out" &
      exec 3>"$out.in"
      tries=0
      until [ -s "$out" ] || [ $tries = 200 ]; do sleep 0.1; tries=$((tries + 1)); done
      file=$(sed -n 's/.*"provhash_file":"\([^"]*\)".*/\1/p' "$out")
      stat -c %a "$file"
      cat "$file"
      exec 3>&-
      wait
      rm "$out" "$out.in"
    ]==])
    assert.equal("600\n" .. sandbox.PROVHASH, (output:gsub("%s+$", "")))
  end)

  for _, signal in ipairs({ "TERM", "INT", "HUP" }) do
    it("ends at SIG" .. signal .. ", and not with an input that is /dev/null", function()
      -- Background jobs of sh ignore SIGINT, and nohup SIGHUP; env --default-signal undoes that.
      local output = shell(([==[
        out=$(mktemp)
        env --default-signal=INT,TERM,HUP $lua </dev/null >"$out" &
        pid=$!
        tries=0
        until [ -s "$out" ] || [ $tries = 200 ]; do sleep 0.1; tries=$((tries + 1)); done
        sleep 0.3
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

  it("does not take the end of a file for its own, nor a SIGHUP that is ignored", function()
    local output = shell([==[
      out=$(mktemp)
      (trap '' HUP; exec $lua <"$0" >"$out") &
      pid=$!
      tries=0
      until [ -s "$out" ] || [ $tries = 200 ]; do sleep 0.1; tries=$((tries + 1)); done
      kill -HUP $pid
      sleep 0.3
      kill -TERM $pid && echo "was there"
      wait $pid
      tail -n 1 "$out"
      rm "$out"
    ]==])
    assert.equal("was there\nended\n", output)
  end)

  describe("in a terminal", function()
    local terminals = require "spec.cli.repl.terminal"
    local terminal

    before_each(function()
      terminal = terminals.start("bash --norc -i", { environment = { PS1 = "shell$ " } })
      terminal:wait_for "shell$"
    end)

    after_each(function()
      terminal:close()
    end)

    local program

    setup(function()
      program = interpreter() .. " " .. script
    end)

    -- The file with the hash, when the one line is there.
    local function started(screen)
      return (screen:gsub("\n", ""):match '"provhash_file":"([^"]+)"')
    end

    it("ends with Ctrl-D, whatever was typed before", function()
      terminal:enter(program)
      terminal:wait_for(started)
      terminal:enter "is anybody there?"
      terminal:press "C-d"
      terminal:wait_for "\nended\nshell$"
    end)

    it("leaves what is typed to the shell while it is in the background", function()
      terminal:enter(program)
      local file = started(terminal:wait_for(started))
      terminal:press "C-z"
      terminal:wait_for "Stopped"
      terminal:enter "bg; clear"
      terminal:enter "echo he''re"
      terminal:wait_for "\nhere\nshell$"
      terminal:enter "jobs"
      terminal:wait_for "Running"
      terminal:enter "fg"
      os.execute "sleep 0.8"
      terminal:press "C-d"
      terminal:wait_for "\nended\nshell$"
      assert.is_nil(io.open(file))
    end)

    it("takes its file with it when the terminal is closed", function()
      terminal:enter(program)
      local file = started(terminal:wait_for(started))
      assert(io.open(file)):close()
      terminal:close()
      for _ = 1, 100 do
        local there = io.open(file)
        if not there then
          return
        end
        there:close()
        os.execute "sleep 0.05"
      end
      error "the file with the hash is still there"
    end)
  end)
end)
