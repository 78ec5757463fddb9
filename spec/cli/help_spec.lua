local cli = require "spec.support.cli"
local commands = require "lastpass.cli.commands"
local help = require "lastpass.cli.help"
local transcripts = require "spec.cli.golden.transcripts"

describe("help", function()
  it("is as the golden transcripts have it (spec/cli/golden/make.lua writes them)", function()
    for name, text in pairs(transcripts.all()) do
      local file = assert(io.open(transcripts.path(name), "rb"), name)
      local golden = file:read "*a"
      file:close()
      assert.equals(golden, text, name)
    end
  end)

  it("has no golden transcript of what is not there", function()
    local known = {}
    for name in pairs(transcripts.all()) do
      known[transcripts.path(name)] = true
    end
    local pipe = assert(io.popen "ls spec/cli/golden/*.txt")
    for path in pipe:lines() do
      assert.is_true(known[path], path)
    end
    pipe:close()
  end)

  it("names every command", function()
    local text = help.text ""
    for _, name in ipairs(commands.names()) do
      assert.truthy(text:find(name:match "%S+$", 1, true), name)
    end
  end)

  it("stays within ninety columns", function()
    for name, text in pairs(transcripts.all()) do
      for line in text:gmatch "[^\n]+" do
        assert.is_true(#line <= 100, name .. ": " .. line)
      end
    end
  end)

  it("says whose limits count where a playbook has limits too", function()
    for _, name in ipairs { "plan", "apply" } do
      assert.matches("stronger than the%s+playbook's", help.text(name), nil, name)
    end
  end)

  it("is the same by --help, -h and help", function()
    local _, one = cli.run { "user", "show", "--help" }
    local _, two = cli.run { "-h", "user", "show" }
    local _, three = cli.run { "help", "user", "show" }
    assert.equals(one, two)
    assert.equals(one, three)
  end)

  it("goes to standard error, with code 64, when nothing was asked for", function()
    local code, out, err = cli.run {}
    assert.equals(64, code)
    assert.equals("", out)
    assert.equals(help.text "", err)
  end)

  it("names the nearest when there is no help about something", function()
    local code, _, err = cli.run { "help", "exit-code" }
    assert.equals(64, code)
    assert.truthy(err:find("did you mean 'exit-codes'", 1, true), err)
  end)
end)
