-- `make fuzz` believes no fuzzer: programs that end badly, do too little or leave something behind.
-- Runs once: it is about programs, which are the same under every interpreter.
describe("make fuzz", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    assert(os.remove(folder))
    assert(os.execute("mkdir " .. folder))
  end)

  after_each(function()
    os.execute(("rm -rf '%s'"):format(folder))
  end)

  local function program(name, script)
    local path = folder .. "/" .. name
    local file = assert(io.open(path, "w"))
    file:write("#!/bin/sh\n", script, "\n")
    file:close()
    assert(os.execute(("chmod +x '%s'"):format(path)))
  end

  -- Whether they pass, and what was printed.
  local function run(names, runs)
    local command = ("lua5.4 .ci/fuzz.lua run '%s' 1 100 '%s' %s 2>&1; echo $?"):format(
      folder,
      runs or "",
      names
    )
    local pipe = assert(io.popen(command))
    local output = pipe:read "*a"
    pipe:close()
    return output:match "(%d+)\n$" == "0", output
  end

  local GOOD = "echo 'stat::number_of_executed_units: 100'"

  it("passes who did what was asked", function()
    program("good", GOOD)
    local passed, output = run "good good"
    assert.is_true(passed, output)
    assert.matches("good +100 inputs", output)
  end)

  it("fails who did not", function()
    for what, script in pairs {
      ["it ended with exit 3"] = "exit 3",
      ["it ended with exit 77"] = GOOD .. "; exit 77",
      ["it ended with"] = GOOD .. "; kill -ABRT $$",
      ["it had 99 inputs, not 100"] = "echo 'stat::number_of_executed_units: 99'",
      ["it did not say how many inputs it had"] = "true",
    } do
      program("bad", script)
      program("good", GOOD)
      local passed, output = run "bad good"
      assert.is_false(passed, what)
      assert.is_truthy(output:find(what, 1, true), output)
      assert.matches("good +100 inputs", output)
      assert.matches("failed: bad\n", output)
    end
    assert.is_false((run "no_such_fuzzer"))
  end)

  it("fails for what is left behind, even with a good end", function()
    for _, artifact in ipairs { "oom", "slow-unit", "crash", "leak", "timeout" } do
      program(
        "finder",
        ([[for word; do case $word in -artifact_prefix=*) echo x >${word#*=}%s-1f;; esac; done
        %s]]):format(artifact, GOOD)
      )
      local passed, output = run "finder"
      assert.is_false(passed, artifact)
      assert.is_truthy(output:find("finder-found/" .. artifact .. "-1f", 1, true), output)
    end
    -- and it is the first to be tried again
    program("finder", "ls $0-corpus; " .. GOOD)
    assert.is_true((run "finder"))
    local again = assert(io.open(folder .. "/finder-corpus/crash-1f"))
    again:close()
  end)

  it("asks for as many inputs as it is told to", function()
    program("asked", 'case "$*" in *-runs=5000*) ' .. GOOD .. ";; esac")
    local passed, output = run("asked", 5000)
    assert.is_false(passed)
    assert.is_truthy(output:find("it had 100 inputs, not 5000", 1, true), output)
  end)
end)
