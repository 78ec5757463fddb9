-- evidence key, evidence write, evidence verify.
local cli = require "spec.support.cli"
local json = require "lastpass.json"
local planted = require "spec.support.planted"
local tenants = require "spec.support.tenants"

local place
local paths = {}

setup(function()
  place = cli.start { users = 20, seed = 5, folders = 3 }
end)

teardown(function()
  planted.remove(paths)
  place:stop()
end)

local function new_folder()
  return planted.path(paths)
end

-- What needs no company takes no options of one.
local offline = setmetatable({ flags = {} }, { __index = cli.methods })

describe("lastpass evidence", function()
  local key

  setup(function()
    key = new_folder()
  end)

  it("key makes a pair of keys, once", function()
    local code, out, err = offline:run("evidence key " .. key)
    assert.equals(0, code, err)
    assert.equals("", out)
    assert.truthy(err:find(key .. ".pub: the public key", 1, true), err)
    local failure
    failure, code = offline:failure("evidence key " .. key)
    assert.same({ 64, "key_exists" }, { code, failure.code })
    local pipe = assert(io.popen(("stat -c %%a '%s'"):format(key)))
    assert.equals("600", pipe:read "*l")
    pipe:close()
  end)

  it("write makes what verify finds as it was signed", function()
    local folder = new_folder()
    local words = "evidence write %s --key-file %s --events 2000-01-01 --report mfa --report admins"
    words = words:format(folder, key)
    local code, out, err = place:run(words)
    assert.equals(0, code, err)
    assert.equals("", out)
    assert.truthy(err:find("^" .. folder:gsub("%p", "%%%0") .. ": %d+ files, read at %d"), err)
    planted.read(folder .. "/reports/02-admins.csv")
    local verify = ("evidence verify %s --public-key %s.pub"):format(folder, key)
    code, out = offline:run(verify)
    assert.equals(0, code)
    assert.truthy(out:find("files are as they were signed; http", 1, true), out)
    assert.equals("lastpass.evidence", offline:json(verify).format)

    planted.write(folder .. "/tables/users.csv", "nobody\r\n")
    planted.write(folder .. "/more.txt", "x")
    code, out, err = offline:run(verify)
    assert.equals("", out)
    assert.equals(7, code)
    assert.equals("lastpass: tables/users.csv was changed; more.txt was added\n", err)
    local failure = offline:failure(verify)
    assert.same({ "tables/users.csv" }, failure.changed)
    assert.same({ "more.txt" }, failure.added)
    assert.same({}, failure.missing)
    failure, code = place:failure(words)
    assert.same({ 64, "not_empty" }, { code, failure.code })
  end)

  it("write prints its manifest with --json", function()
    local manifest = place:json(("evidence write %s --key-file %s"):format(new_folder(), key))
    assert.equals("lastpass.evidence", manifest.format)
    assert.truthy(#manifest.files > 3)
  end)

  it("says what is missing or wrong", function()
    local folder, readable = new_folder(), place:file "readable by others"
    for words, expected in pairs {
      ["write " .. folder] = { 64, "usage" },
      ["write " .. folder .. " --to now --key-file " .. key] = { 64, "usage" },
      ["write " .. folder .. " --key-file " .. readable] = { 64, "unsafe_file" },
      ["write " .. folder .. " --report coverage --key-file " .. key] = { 64, "usage" },
      ["write " .. folder .. " --events nonsense --key-file " .. key] = { 64, "bad_time" },
      ["verify " .. folder] = { 64, "usage" },
      ["verify /nowhere --public-key " .. key .. ".pub"] = { 64, "cannot_read" },
      ["write " .. folder .. " --url=http://127.0.0.1:1/ --retries=0 --key-file " .. key] = {
        69,
        json.null,
      },
    } do
      local company = words:find "^write" and place or offline
      local failure, code = company:failure("evidence " .. words)
      assert.equals(expected[1], code, words .. ": " .. failure.message)
      assert.truthy(expected[2] == json.null or expected[2] == failure.code, failure.message)
    end
  end)

  it("is Lua, too", function()
    for words, text in pairs {
      ["key k"] = 'evidence.new_key("k")',
      ["write f --key-file k --report mfa"] = 'write(client, "f", { key = "k", reports = { assert(',
      ["verify f --public-key k.pub"] = 'evidence.verify("f", "k.pub")',
    } do
      local _, out = offline:run(("evidence %s --print-lua"):format(words))
      assert.truthy(out:find(text, 1, true), out)
    end
  end)
end)

describe("lastpass evidence over companies", function()
  it("is signed with who is missing, and says so when it is verified", function()
    local companies = tenants.start(2, {
      profile = function(number, profile)
        profile.provhash = number == 2 and { file = "/nowhere/2.hash" } or profile.provhash
      end,
    })
    local folder, key = new_folder(), new_folder()
    assert.equals(0, (offline:run("evidence key " .. key)))
    local words =
      { "evidence", "write", folder, "--key-file", key, "--report=mfa", "--tenants=all" }
    words[#words + 1] = "--tenants-file=" .. companies.file
    local code, out, err = cli.run(words)
    companies:stop()
    assert.equals(3, code)
    assert.equals("", out)
    assert.matches("1 of 2 companies; 1 not:\n  c2: ", err)
    local verify = ("evidence verify %s --public-key %s.pub"):format(folder, key)
    code, out = offline:run(verify)
    assert.equals(0, code)
    assert.matches("signed; 1 of 2 companies, read at", out, 1, true)
    assert.matches("1 of 2 companies; 1 not: c2: cannot open", out, 1, true)
  end)
end)
