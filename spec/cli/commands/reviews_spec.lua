-- review export, review status, review plan, review tasks, review close.
local cli = require "spec.support.cli"
local planted = require "spec.support.planted"

local place, hr, boss
local paths = {}

setup(function()
  place = cli.start { users = 20, seed = 5, folders = 3 }
  local lines = { "email,manager" }
  for user in place.box:client():users() do
    boss = boss or user.email
    lines[#lines + 1] = ("%s,%s"):format(user.email, boss)
  end
  hr = place:file(table.concat(lines, "\n") .. "\n", ".csv")
end)

teardown(function()
  planted.remove(paths)
  place:stop()
end)

local function new_folder()
  return planted.path(paths)
end

local function split(text, pattern)
  local list = {}
  for piece in text:gmatch(pattern) do
    list[#list + 1] = piece
  end
  return list
end

-- What needs no company takes no options of one.
local offline = setmetatable({ flags = {} }, { __index = cli.methods })

-- Fills the decisions in: what(id, kind) of each row.
local function decide(folder, what)
  local path = ("%s/%s.csv"):format(folder, boss)
  local lines = split(planted.read(path), "[^\r\n]+")
  for place_of, line in ipairs(lines) do
    local id, kind = line:match "^(R%d+),[^,]*,[^,]*,(%w+),"
    if id then
      lines[place_of] = line:gsub(",,$", function()
        return "," .. what(id, kind) .. ",so be it"
      end)
    end
  end
  planted.write(path, table.concat(lines, "\r\n") .. "\r\n")
end

local function export()
  local folder = new_folder()
  assert.equals(0, (place:run(("review export %s --roster %s -q"):format(folder, hr))))
  return folder
end

describe("lastpass review", function()
  before_each(function()
    place:reset()
  end)

  it("export writes a file for each manager", function()
    local folder = new_folder()
    local code, out, err = place:run(("review export %s --roster %s"):format(folder, hr))
    assert.equals(0, code, err)
    assert.truthy(out:find("^Manager +People +To decide\n"), out)
    assert.truthy(err:find(folder .. ": 2 files", 1, true), err)
    local value = place:json(("review export %s --roster %s --what group"):format(new_folder(), hr))
    assert.equals("access_review", value.name)
    for _, row in ipairs(value.rows) do
      assert.equals("group", row.kind)
    end
    local failure
    failure, code = place:failure(("review export %s --roster %s"):format(folder, hr))
    assert.same({ 64, "not_empty" }, { code, failure.code })
    for words, text in pairs {
      ["--roster " .. hr .. " --what acount"] = "did you mean 'account'?",
      ["--roster " .. hr .. " --manager bos"] = "--manager: ",
      [""] = "--roster is needed",
    } do
      failure, code = place:failure(("review export %s %s"):format(new_folder(), words))
      assert.equals(64, code)
      assert.truthy(failure.message:find(text, 1, true), failure.message)
    end
  end)

  it("status says who has decided, and which rows were not understood", function()
    local folder = export()
    local rows = offline:json("review status " .. folder)
    assert.equals(boss, rows[1].manager)
    assert.equals(rows[1].items, rows[1].undecided)
    decide(folder, function(id)
      return id == "R00001" and "perhaps" or "keep"
    end)
    local list, code, err = offline:json("review status " .. folder)
    assert.equals(3, code)
    assert.same({ 1, rows[1].items - 1 }, { list[1].problems, list[1].keep })
    assert.truthy(err:find("R00001: the decision is keep or remove, not 'perhaps'", 1, true), err)
    local out
    code, out = offline:run("review status " .. folder)
    assert.equals(3, code)
    assert.truthy(out:find("^file +manager +to decide +keep +remove +undecided +not understood\n"))
    local failure
    failure, code = offline:failure "review status /nowhere"
    assert.equals(64, code)
    assert.equals("cannot_read", failure.code)
  end)

  it("plan, tasks and close carry the decisions out, list the rest, and end the review", function()
    local folder, first = export(), nil
    decide(folder, function(id, kind)
      if kind == "group" and not first then
        first = id
        return "remove"
      end
      return kind == "folder" and "remove" or "keep"
    end)
    local plan = place:file("", ".plan.json")
    local code, out, err = place:run(("review plan %s -o %s"):format(folder, plan))
    assert.equals(0, code, err)
    assert.truthy(out:find(first .. ", decided by " .. boss, 1, true), out)
    assert.equals(1, #place:json("review plan " .. folder).plan.steps)
    assert.equals(0, (place:run { "apply", plan, "--yes", "-q" }))

    local tasks = offline:json("review tasks " .. folder)
    assert.truthy(#tasks > 0)
    assert.equals("folder", tasks[1].kind)
    code, out = offline:run("review tasks " .. folder)
    assert.equals(0, code)
    assert.truthy(out:find("out of the shared folder", 1, true), out)

    local closure = place:json("review close " .. folder)
    assert.equals("access_review_closure", closure.name)
    local removed = place:json(("review close %s -q --where u.class=='removed'"):format(folder))
    assert.same({ first }, { removed[1].id, removed[2] and removed[2].id })
    local html = place:file("", ".html")
    code, out, err = place:run(("review close %s --html %s"):format(folder, html))
    assert.same({ 0, "" }, { code, out })
    assert.matches("Closure of the access review; ", err)
    local unreachable = " --url=http://127.0.0.1:1/ --retries=0"
    for _, verb in ipairs { "plan", "close" } do
      local failure
      failure, code = place:failure(("review %s %s"):format(verb, folder) .. unreachable)
      assert.same({ 69, "transport" }, { code, failure.kind })
    end
  end)

  it("plan is not made while there are rows that were not understood", function()
    local folder = export()
    decide(folder, function()
      return "perhaps"
    end)
    local code, _, err = place:run("review plan " .. folder)
    assert.equals(6, code)
    assert.truthy(err:find(boss .. ".csv:2: R00001: ", 1, true), err)
    assert.truthy(err:find("  and ", 1, true))
    assert.equals(3, (offline:run("review tasks " .. folder)))
    assert.equals(3, (place:run("review close -q " .. folder)))
    for _, verb in ipairs { "tasks", "status" } do
      assert.equals(64, (offline:run(("review %s /nowhere"):format(verb))))
    end
  end)

  it("is Lua, too", function()
    for words, text in pairs {
      ["export q2 --roster hr.csv"] = 'review.export(client, "q2", { manager = "manager", ros',
      ["status q2"] = "print(decisions)",
      ["plan q2 --protect a@b.example"] = 'review.plan(client, decisions, { protect = { "a@b',
      ["tasks q2"] = "review.manual(decisions)",
      ["close q2 --html x"] = 'report:save("x", "html")',
    } do
      local _, out = offline:run(("review %s --print-lua"):format(words))
      assert.truthy(out:find(text, 1, true), out)
    end
  end)
end)

describe("access reviews on the command line", function()
  local access_review = require("lastpass").report.access_review

  after_each(function()
    rawset(access_review, "read", nil)
    rawset(access_review, "manual", nil)
    assert.is_function(access_review.read)
  end)

  it("tell of rows that were not understood, but not of thousands", function()
    local problems = {}
    for position = 1, 25 do
      problems[position] = { origin = "boss.csv:" .. position, reason = "odd" }
    end
    rawset(access_review, "read", function(folder)
      assert.equals("q2", folder)
      return { problems = problems }
    end)
    rawset(access_review, "manual", function()
      return {}
    end)
    local streams = cli.streams()
    assert.equals(3, require("lastpass.cli").main({ "review", "tasks", "q2" }, streams))
    local text = streams.err:text()
    assert.truthy(text:find("^boss.csv:1: odd\n"), text)
    assert.truthy(text:find("boss.csv:20: odd\nand 5 more rows", 1, true), text)
  end)

  it("are Lua, too", function()
    local lua = require("lastpass.cli.commands").load("review tasks").lua
    assert.truthy(lua({ folder = "q2" }):find('assert(review.read("q2"))', 1, true))
  end)
end)
