-- What .ci/release refuses, before anything is written.
-- Runs once: it is about a program, which is the same under every interpreter.
local lfs = require "lfs"

describe("make release", function()
  local folder

  local function run(line)
    local pipe = assert(io.popen(("cd '%s' && { %s; } 2>&1; echo \"<$?>\""):format(folder, line)))
    local text = pipe:read "*a"
    pipe:close()
    local output, code = text:match "^(.-)<(%d+)>\n$"
    return output, tonumber(code)
  end

  setup(function()
    local pipe = assert(io.popen "mktemp -d")
    folder = pipe:read "*l"
    pipe:close()
    local clone = "git clone -q -s '%s' . "
      .. "&& git config user.name x && git config user.email x@x.example"
    local _, code = run(clone:format(lfs.currentdir()))
    assert.equal(0, code)
  end)

  teardown(function()
    os.execute(("rm -rf '%s'"):format(folder))
  end)

  local function refused(version, words)
    local output, code = run((".ci/release %s"):format(version))
    assert.equal(2, code, output)
    assert.truthy(output:find(words, 1, true), output)
    assert.equal("", (run "git status --porcelain"))
  end

  it("refuses what is no version, and what is not later", function()
    refused("", "a version is three numbers")
    refused("1.2", "a version is three numbers")
    refused("v9.0.0", "a version is three numbers")
    refused("0.0.1", "is later than 0.0.1")
  end)

  it("refuses a version that is tagged, and a changelog that says nothing", function()
    run "git tag v9.0.0"
    refused("9.0.0", "there is a v9.0.0 already")
    run "sed -i '/^- /d' CHANGELOG.md && git commit -qam 'nothing new'"
    refused("9.0.1", "CHANGELOG.md says nothing under Unreleased")
  end)

  it("refuses a tree with changes", function()
    run "echo >>README.md"
    local output, code = run ".ci/release 9.0.2"
    assert.equal(2, code, output)
    assert.truthy(output:find("changes that are not committed", 1, true), output)
    assert.equal(" M README.md\n", (run "git status --porcelain"))
  end)
end)
