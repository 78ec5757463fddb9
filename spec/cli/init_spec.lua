-- The program as a user starts it: a process of its own, always under Lua 5.4.
local cli = require "spec.support.cli"
local commands = require "lastpass.cli.commands"
local json = require "lastpass.json"
local version = require "lastpass.version"

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
  local place

  setup(function()
    place = cli.start { users = 50 }
  end)

  teardown(function()
    place:stop()
  end)

  it("loads no more than a command needs", function()
    local output =
      cli.shell([[lua5.4 -e 'arg = {[0] = "bin/lastpass", "version"}; local exit = os.exit
        os.exit = function()
          for _, name in ipairs{"lastpass.curl", "lastpass.enterprise"} do
            assert(not package.loaded[name], name)
          end
          exit(0)
        end
        dofile "bin/lastpass"']])
    assert.equals("lastpass " .. version .. "\n", output)
  end)

  it("shows the Lua that does the same, of every command that talks to LastPass", function()
    local arguments = {
      ["user show"] = "a@b.cc",
      ["user add"] = "a@b.cc",
      ["user update"] = "a@b.cc --name X",
      ["user disable"] = "a@b.cc",
      ["user enable"] = "a@b.cc",
      ["user remove"] = "a@b.cc d@e.ff",
      ["user delete"] = "a@b.cc",
      ["user reinvite"] = "a@b.cc",
      ["user reset-password"] = "a@b.cc",
      ["user require-password-change"] = "a@b.cc",
      ["user reset-mfa"] = "a@b.cc",
      ["user rename"] = "a@b.cc d@e.ff",
      ["user stage"] = "a@b.cc --name X",
      ["user invite"] = "a@b.cc",
      ["user admin-level"] = "a@b.cc Admin",
      companies = "--status active",
      ["company create"] = "Acme --limit 3",
      ["company update"] = "42 --limit 3",
      ["company detach"] = "42",
      ["company result"] = "7 /business/v1/requests/7",
      ["rest call"] = "GET /v1/users --query sort=id:asc",
      ["group show"] = "Finance",
      ["group add"] = "Finance a@b.cc",
      ["group remove"] = "Finance a@b.cc",
      bulk = "rename x.csv",
      call = "getuserdata {}",
      plan = "x.lua --limit disable=3 -o y",
      apply = "x.lua",
      ["run show"] = "3",
      ["run resume"] = "3",
      ["run undo"] = "3",
      ["tenants undo"] = "3 --dry-run",
      run = "x.lua",
      diff = "-7d",
      events = "--from -24h --user a@b.cc",
      snapshot = "--as-of now",
      export = "--cursor siem --follow --file x",
      check = "rules.lua --junit x",
      ["report coverage"] = "--roster hr.csv --left status=gone",
      ["report leavers"] = "--roster hr.csv --last-day last_day",
      ["review export"] = "q2 --roster hr.csv",
      ["review status"] = "q2",
      ["review plan"] = "q2 -o y",
      ["review tasks"] = "q2",
      ["review close"] = "q2",
      ["evidence key"] = "k",
      ["scim token new"] = "entra",
      ["scim token revoke"] = "3",
      ["scim held show"] = "3",
      ["scim held approve"] = "3 4 --reason why",
      ["scim held refuse"] = "3 --reason why",
      ["scim user"] = "ann@acme.com",
      ["scim group"] = "Sales",
      ["scim doctor"] = "https://idp.acme.com/scim",
      ["saml inspect"] = "idp.xml",
      ["saml verify"] = "r.xml --metadata idp.xml --acs https://a.bc/acs --entity-id https://a.bc",
      ["saml metadata write"] = "--entity-id https://a.bc --acs https://a.bc/acs",
      ["saml metadata diff"] = "old.xml new.xml",
      ["saml metadata refresh"] = "https://idp.acme.com/metadata idp.xml",
      ["saml rollover"] = "idp.xml",
      ["mfa ask"] = "ann@acme.com --method face",
      ["mfa ping"] = "--url https://mfa.acme.com --key-file k",
      ["mfa known"] = "ann@acme.com",
      ["mfa code new"] = "ann.totp --issuer Acme --account ann@acme.com --digits 8",
      ["mfa code uri"] = "--secret-file ann.totp --issuer Acme --account ann",
      ["mfa code qr"] = "--secret-file ann.totp -o ann.svg",
      ["mfa code verify"] = "ann@acme.com --secret-file ann.totp --window 2",
      ["mfa radius test"] = "ann --server [::1]:1812 --secret-file s --method code",
      ["mfa doctor"] = "--limit a=3 --server proxy --secret-file s --client login",
      ["mfa users"] = "--url https://mfa.acme.com --key-file k --private-key-file p",
      ["mfa user add"] = "ann@acme.com --first-name Ann --last-name Lee --attribute a=b",
      ["mfa user edit"] = "ann@acme.com --first-name Ann --last-name Lee",
      ["mfa user suspend"] = "ann@acme.com bob@acme.com",
      ["mfa user delete"] = "ann@acme.com --dry-run",
      ["mfa user resend"] = "ann@acme.com",
      ["mfa groups"] = "",
      ["mfa group add"] = "Finance --unit HQ",
      ["mfa group delete"] = "Finance",
      ["mfa group join"] = "Finance ann@acme.com",
      ["mfa group leave"] = "Finance ann@acme.com",
      ["mfa roles"] = "",
      ["mfa role add"] = "Auditors",
      ["mfa role rename"] = "17 Readers",
      ["mfa role delete"] = "17",
      ["mfa role assign"] = "17 --user ann@acme.com --group Finance",
      ["mfa role show"] = "17",
      ["evidence write"] = "e --key-file k --report mfa",
      ["evidence verify"] = "e --public-key k.pub",
    }
    for _, name in ipairs(commands.names()) do
      local command = commands.load(name)
      if command.lua then
        local words = { "--print-lua" }
        for word in (name .. " " .. (arguments[name] or "")):gmatch "%S+" do
          words[#words + 1] = word
        end
        local code, out, err = cli.run(words)
        assert.equals(0, code, name .. ": " .. err)
        assert.truthy((loadstring or load)(out), name .. ": " .. out)
      elseif command.connects then
        local set_up = name:find "^config" or name:find "^profile" or name == "doctor"
        local of_endpoint = name:find "^scim shadow"
          or name == "scim worker"
          or name == "scim disconnect"
        local is_service = of_endpoint or name == "worker" or name == "repl"
        assert.truthy(set_up or is_service, name)
      end
    end
  end)

  it("does the same by the Lua that it shows", function()
    local _, text = place:run "users --status disabled --print-lua"
    local lines = {}
    local client = place.box:client()
    local environment = {
      print = function(...)
        lines[#lines + 1] = ...
      end,
      assert = assert,
      require = function()
        return {
          connect = function()
            return client
          end,
        }
      end,
    }
    local fn = setfenv and setfenv(loadstring(text), environment)
      or load(text, "=printed", "t", environment)
    fn()
    assert.equals(#place:json "users --status disabled", #lines)
  end)

  it("tells a mistake of its own with code 1, and where on demand", function()
    local output, code = cli.shell([[lua5.4 -e 'arg = {[0] = "bin/lastpass", "version"}
        package.preload["lastpass.version"] = function() error "broken" end
        dofile "bin/lastpass"']])
    assert.equals(1, code)
    assert.truthy(output:find("broken", 1, true), output)
    assert.is_nil(output:find("traceback", 1, true), output)
  end)

  it("runs a sandbox until its input ends", function()
    local path = os.tmpname()
    local pipe =
      assert(io.popen("exec lua5.4 bin/lastpass sandbox --users 30 --seed 4 >" .. path, "w"))
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
