-- The dashboard in a real nginx, used in a browser that nobody here wrote: Chromium, driven by
-- playwright-core, looked at by axe-core (both from npm).
-- Runs once: nginx has its own LuaJIT.
-- Runs first: a browser looks at every page.
local browser = require "spec.support.browser"
local dashboard = require "spec.support.dashboard"
local json = require "lastpass.json"
local planted = require "spec.support.planted"

-- A folder for pictures of every page, for people to look at.
local SHOTS = os.getenv "DASHBOARD_SHOTS" or "-"
local PEOPLE, INVITED = 400, 24
local PAGES = {
  "overview",
  "people",
  "search",
  "nobody",
  "no_group",
  "person",
  "groups",
  "folders",
  "folder",
  "events",
  "missing",
}
-- nginx has its LuaJIT, whoever asks, and a browser is slow: others than 5.4 look at a few pages only.
if _VERSION ~= "Lua 5.4" then
  PAGES = { "people", "events" }
end
local EVERYBODY = PEOPLE + INVITED + 4

describe("dashboard in Chromium", function()
  local box, site, seen, reason
  local made = {}

  local function start()
    -- now, as nginx has it: events have to be recent
    box = require("spec.support.box").start {
      users = PEOPLE,
      invited = INVITED,
      frozen = false,
      clock = os.time(),
    }
    local people = {}
    for position, one in ipairs(dashboard.hostile_people()) do
      people[position] = { username = one[1], fullname = one[2].fullname, groups = one[2].groups }
    end
    local client = box:client()
    assert(client:batchadd(people))
    local waiting = client:users { status = "invited" }()
    assert(client:reinviteuser { username = waiting.email })
    local text
    site, text = dashboard.site(box)
    site:directory()
    return text
  end

  setup(function()
    reason = browser.missing()
    if reason then
      return
    end
    local token = start()
    local client = box:client()
    local arguments = {
      SHOTS,
      site.server.url,
      token,
      client:users {}().email,
      client:folders()().id,
      dashboard.GROUP,
    }
    for _, name in ipairs(PAGES) do
      arguments[#arguments + 1] = name
    end
    local output = browser.run("spec/nginx/dashboard_browser.cjs", made, arguments)
    seen = json.decode(output)
    assert(seen, output .. site.server:log():sub(-4000))
  end)

  teardown(function()
    if site then
      site:stop()
      box:stop()
    end
    planted.remove(made)
  end)

  local function test(name, check)
    it(name, function()
      if reason then
        pending(reason)
      end
      check()
    end)
  end

  local function each(name, check)
    test(name, function()
      assert.is_true(#seen.looks >= 2 * #PAGES)
      for _, look in ipairs(seen.looks) do
        check(look, ("%s, %d pixels, %s"):format(look.name, look.width, look.scheme))
      end
    end)
  end

  test("says nothing on the console, breaks no policy, asks nobody else for anything", function()
    assert.same({}, seen.messages)
    assert.same({}, seen.outside)
  end)

  each("passes axe-core on every page", function(look, where)
    assert.same({}, look.violations, where)
    local checked = table.concat(look.checked, " ")
    for _, rule in ipairs {
      "color-contrast",
      "heading-order",
      "landmark-one-main",
      "region",
      "label",
    } do
      local applies = rule ~= "label" or look.name == "people"
      assert.truthy(not applies or checked:find(rule, 1, true), where .. ": " .. rule)
    end
  end)

  each("has one first heading, none left out, and a caption for each table", function(look, where)
    local before = 0
    for _, level in ipairs(look.headings) do
      assert.truthy(level <= before + 1, where)
      before = level
    end
    assert.equal(1, look.firsts, where)
    assert.equal(look.tables, look.captions, where)
    assert.equal(0, look.inline, where)
  end)

  each("fits the window, and follows the reader's choice of light or dark", function(look, where)
    assert.equal(0, look.overflow, where)
    local expected = look.scheme == "dark" and "rgb(20, 23, 27)" or "rgb(246, 247, 249)"
    assert.equal(expected, look.page, where)
  end)

  each("holds nothing that was smuggled in", function(look, where)
    for _, name in ipairs(look.elements) do
      assert.falsy(name == "script" or name == "iframe" or name == "b" or name == "img", where)
    end
  end)

  test("fits the smallest telephone, and paper", function()
    for _, page in ipairs(seen.smallest) do
      assert.equal(0, page.overflow, page.name)
    end
    assert.is_true(seen.paper > 10000)
  end)

  test("finds people while one types; address and focus follow", function()
    local live = seen.live
    assert.equal(("1–50 of %d people"):format(EVERYBODY), live.before.found)
    assert.equal(50, live.before.rows)
    assert.equal(("4 people (everybody: %d)"):format(EVERYBODY), live.typed.found)
    assert.truthy(live.typed.url:find("/people?q=hostile", 1, true))
    assert.equal("q", live.typed.focus)
    assert.equal(4, #live.typed.names)
    for _, name in ipairs(live.typed.names) do
      assert.truthy(name:find "^Hostile", name)
    end
    assert.equal(live.before.found, live.cleared.found)
    assert.equal(("4 people (everybody: %d)"):format(EVERYBODY), seen.group)
  end)

  test("filters at once, and the address says how", function()
    local live = seen.live
    assert.truthy(live.filtered.url:find("/people?mfa=no", 1, true))
    assert.same({ "none" }, live.filtered.methods)
    assert.truthy(live.both.url:find("mfa=no&admin=yes", 1, true))
    local without = tonumber(live.filtered.found:match "of (%d+)")
    assert.is_true(tonumber(live.both.found:match "^%d+") < without)
    assert.equal(live.both.found, live.both.again)
    assert.same({}, live.violations)
  end)

  test("is used with the keyboard alone, from signing in to signing out", function()
    local keys = seen.keyboard
    assert.equal("Token", keys.first.name)
    assert.equal("This token is not known. Check that it is whole.", keys.refused)
    assert.truthy(keys.arrived:find("/dashboard/acme/people?status=invited", 1, true))
    assert.equal("Skip to the content", keys.skip[1].name)
    assert.equal("main", keys.skipped.tag)
    for _, steps in ipairs { keys.steps, keys.more } do
      for _, step in ipairs(steps) do
        assert.is_true(step.ring, step.name .. " does not show that it has the focus")
      end
    end
    assert.truthy(keys.person:find "^Hostile")
    assert.truthy(keys.after:find("/~sign-in", 1, true))
    assert.same({}, keys.violations)
  end)

  test("does it all without script", function()
    local plain = seen.without_script
    assert.equal(50, #plain.first)
    assert.equal(50, #plain.second.names)
    assert.not_equal(plain.first[1], plain.second.names[1])
    assert.equal(("51–100 of %d people"):format(EVERYBODY), plain.second.found)
    assert.same(plain.first, plain.back)
    assert.equal(("4 people (everybody: %d)"):format(EVERYBODY), plain.searched.found)
    assert.equal(plain.before, plain.cleared)
  end)

  test("shows what happened lately", function()
    local looks = 0
    for _, look in ipairs(seen.looks) do
      if look.name == "events" then
        looks = looks + 1
        assert.equal(1, look.tables)
      end
    end
    assert.is_true(looks >= 2)
  end)

  test("keeps its cookie from scripts, and for itself", function()
    assert.same({
      httpOnly = true,
      sameSite = "Strict",
      secure = false,
      path = "/dashboard",
      seen = "",
    }, seen.cookie)
  end)

  test("would carry out nothing that got into a page all the same", function()
    assert.equal("no", seen.policy.owned)
    assert.same(
      { "img-src", "script-src-attr", "script-src-elem", "style-src-attr" },
      seen.policy.kinds
    )
  end)

  test("leaves no error in nginx's log", function()
    for _, level in ipairs { "[error]", "[crit]", "[alert]" } do
      assert.same({}, site:lines_in_log(level))
    end
    for _, line in ipairs(site:lines_in_log "[warn]") do
      -- nginx itself warns of its surroundings too, as of few open files
      assert.is_nil(line:find("[lua]", 1, true), line)
    end
  end)
end)
