-- The examples and the README's first program, run as a user would run them. They are programs of
-- their own, always under Lua 5.4, whatever runs this spec.
local box_room = require "spec.support.box"
local core = require "lastpass.core"

local function read_file(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local root = (os.getenv "PWD")

local function run(script, arguments, more)
  local environment =
    [[LUA_PATH="%s/lua/?.lua;%s/lua/?/init.lua;;" LUA_CPATH="%s/build/5.4/?.so;;" ]]
  local command = environment:format(root, root, root)
    .. (more or "")
    .. ("lua5.4 %s %s 2>&1; echo status $?"):format(script, arguments or "")
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

describe("examples", function()
  it("brings the HR file into a company, and finds nothing to do the second time", function()
    local text = run "examples/demo.lua"
    local first, second = text:match "^(.-)\nOnce more(.*)$"
    assert.truthy(second, text)
    for _, part in ipairs {
      "add_users      38 done\n",
      "update_users   6 done\n",
      "change_groups  15 done\n",
      "disable_users  12 done\n",
      "Read back: the directory is as the file says now.",
      "is already on line 197",
      "is already on line 103",
      "is not an e-mail address: ',' cannot be in an address",
      "'E-mail' is empty",
    } do
      assert.truthy(first:find(part, 1, true), part)
    end
    assert.truthy(second:find("Nothing to change: the directory is as the file says.", 1, true))
    assert.truthy(second:find("add_users      0 done", 1, true))
    assert.truthy(text:match "status 0\n$", text)
  end)

  it("shows many companies, and names those that give no result", function()
    local text = run("examples/tenants-demo.lua", "14")
    for _, part in ipairs {
      "8 of 14 companies; 6 not:\n",
      "not answered within the time limit of 5 seconds",
      "created, and nobody twice.\n",
      "14 of 14 companies\n",
    } do
      assert.truthy(text:find(part, 1, true), text)
    end
    assert.truthy(text:match "status 0\n$", text)
  end)

  it("gets by with people without a name, and says what a guard refuses", function()
    local box = box_room.start { users = 30, seed = 1 }
    local folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -m 700 " .. folder)
    local function write(name, text)
      assert(core.write_file(folder .. "/" .. name, text))
      return folder .. "/" .. name
    end
    local hash = write("hash", box.provhash .. "\n")
    local environment = ("LASTPASS_URL=%s LASTPASS_CID=%.0f LASTPASS_PROVHASH_FILE=%s "):format(
      box.url,
      box.cid,
      hash
    ) .. ("LASTPASS_JOURNAL=%s/journal.db LASTPASS_CONFIG=%s "):format(
      folder,
      write("config.json", "{}")
    )
    local client = box:client()
    local invited, leavers = client:users { status = "invited" }().email, {}
    for user in client:users { status = "active", admin = false } do
      leavers[#leavers + 1] = ("Some,Body,%s,Sales,terminated\n"):format(user.email)
    end
    local header = "First name,Last name,E-mail,Department,Status\n"
    local people = ("Kim,Person,%s,Sales,active\n,,new@x.example,Sales,active\n"):format(invited)
    local file = write("hr.csv", header .. people)
    local text = run("examples/onboard.lua", file, environment)
    assert.truthy(text:match "status 0\n$", text)
    assert.truthy(text:find("add_users      1 done", 1, true), text)
    text = run("examples/onboard.lua", file, environment)
    assert.truthy(text:find("Nothing to change", 1, true), text)
    file = write("hr.csv", header .. table.concat(leavers))
    text = run("examples/onboard.lua", file, environment)
    assert.truthy(text:match "status 1\n$", text)
    assert.truthy(text:find("the limit is 8\n  to allow it: { limit = { disable = ", 1, true), text)
    assert.is_nil(text:find("traceback", 1, true), text)
    box:stop()
    os.execute("rm -r " .. folder)
  end)

  it("plans, applies and takes back the playbook", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write [[
      local lastpass = require "lastpass"
      local box = assert(lastpass.sandbox.start { users = 200, seed = 1 })
      local acme = box:client()
      local function plan()
        return assert(acme:plan "examples/joiners-movers-leavers.lua")
      end
      local run = assert(acme:apply(plan()))
      print(run)
      print("left: " .. plan():count())
      print(assert(acme:apply(assert(acme:undo(run.id)))))
      print("again: " .. plan():count())
      box:stop()
    ]]
    file:close()
    local text = run(path)
    os.remove(path)
    assert.matches("^Run 1 %(plan %x+%) finished: 71 done\n", text)
    assert.matches("\nleft: 0\n", text)
    assert.matches("\nRun 2 %(takes back run 1, plan %x+%) finished: 71 done\n", text)
    assert.matches("\nagain: 71\n", text)
    assert.matches("status 0\n$", text)
  end)

  it("makes the pages of a quarter", function()
    local folder = os.tmpname()
    os.remove(folder)
    local text = run("examples/quarterly-review.lua", "--sandbox " .. folder)
    assert.truthy(text:match "status 0\n$", text)
    for _, part in ipairs {
      "coverage  " .. folder .. "/coverage.html\n          Headcount: 216\n",
      "Coverage: 79.6 %\n",
      "No multifactor: ",
      "Findings: ",
    } do
      assert.truthy(text:find(part, 1, true), part .. text)
    end
    for _, name in ipairs { "coverage", "mfa", "check" } do
      assert.truthy(read_file(folder .. "/" .. name .. ".html"):find("</html>", 1, true))
    end
    os.execute("rm -r '" .. folder .. "'")
  end)

  it("gives a clear message without settings", function()
    local text = run("examples/onboard.lua", "examples/data/hr.csv")
    assert.truthy(text:match "status 1\n$", text)
    assert.truthy(text:find("LASTPASS_CID", 1, true) or text:find("profile", 1, true), text)
  end)
end)

describe("README", function()
  local programs = {}
  for program in read_file("README.md"):gmatch "```lua\n(.-)```" do
    programs[#programs + 1] = program
  end

  it("has ten lines that work", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(programs[1])
    file:close()
    local text = run(path)
    os.remove(path)
    assert.truthy(text:find("\n1 done\nsuccess\n", 1, true), text)
    assert.truthy(text:match "status 0\n$", text)
  end)

  it("shows fields and methods that exist", function()
    local fields = require("lastpass.core").user_fields
    local user = require("lastpass.directory.user").methods
    local box = require("lastpass").sandbox.start { users = 10 }
    local client = assert(box:client())
    box:stop()
    local text = read_file "README.md"
    local list = text:match "A user has (.-)%. Times"
    local count = 0
    for field in list:gmatch "`([%w_]+)`" do
      assert.truthy(fields[field], field)
      count = count + 1
    end
    assert.equals(25, count)
    for method in text:gmatch "bob:([%w_]+)" do
      assert.truthy(user[method], method)
    end
    for _, path in ipairs { "playbooks", "safety", "undo-and-resume", "events", "reports" } do
      text = text .. read_file("docs/" .. path .. ".md")
    end
    for method in text:gmatch "[%W]acme:([%w_]+)" do
      assert.equals("function", type(client[method]), method)
    end
  end)
end)
