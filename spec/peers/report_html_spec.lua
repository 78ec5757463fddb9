-- Report pages in a browser that nobody here wrote: Chromium, driven by playwright-core, looked at by
-- axe-core (both from npm), in light and dark, wide and narrow, and on paper.
-- Runs first: a browser looks at every page.
-- Runs once: it sees the same under every interpreter; spec/report makes the pages under each of them.
local browser = require "spec.support.browser"
local companies = require "lastpass.report.companies"
local json = require "lastpass.json"
local planted = require "spec.support.planted"
local report = require "lastpass.report"
local reports = require "spec.support.reports"

-- A folder for pictures of every page, for people to look at.
local SHOTS = os.getenv "REPORT_SHOTS" or "-"

describe("pages of reports in Chromium", function()
  local made, looks, titles, count = {}, nil, {}, 0
  local reason = browser.missing()

  local function pages(box, folder)
    planted.plant(box, {
      { "ann@acme.example", { admin = true, groups = { "IT" } } },
      { "boss@acme.example", { admin = true, multifactor = "none", groups = { "Board", "IT" } } },
      { "carl@acme.example", { multifactor = "none", mpstrength = "20" } },
      { "never@acme.example", { last_login = "" } },
      { "off@acme.example", { disabled = true } },
      { "old@acme.example", { last_login = "2025-06-01 09:00:00" } },
    }, { "new@acme.example" })
    planted.folders(box, {
      { name = "Fine", users = { { "ann@acme.example", can_administer = true } } },
      { name = "Orphan", users = { { "guest@mail.example", readonly = true } } },
    })
    local client = box:client()
    local function roster()
      return planted.roster {
        { email = "ann@acme.example", fullname = "Ann Lee" },
        { email = "missing@acme.example", fullname = "Max Missing", last_day = "2026-06-01" },
        { email = "off@acme.example", fullname = "Oli Off", last_day = "2026-06-10" },
      }
    end
    local list = {
      coverage = assert(report.coverage(client, { roster = roster() })),
      mfa = assert(report.mfa(client)),
      admins = assert(report.admins(client)),
      inactive = assert(report.inactive(client)),
      invitations = assert(report.invitations(client)),
      folders = assert(report.folders(client)),
      leavers = assert(report.leavers(client, { roster = roster(), field = "last_day" })),
      check = assert(report.check(client)),
      hostile = reports.sample(),
    }
    local merger = companies.new(report.mfa)
    for number, name in ipairs { "acme", "beta" } do
      merger:add(name, number, assert(json.decode(json.encode(companies.data(list.mfa)))))
    end
    list.companies = merger:finish { { company = "gamma", message = "HTTP 500" } }
    list.incomplete = reports.sample()
    list.incomplete.statement.complete = false
    list.incomplete.statement.completeness = "not complete: a page was lost"
    -- The pages are the same bytes under every Lua; a browser is slow, so others show it a few.
    local few = { check = true, companies = true, hostile = true, incomplete = true }
    local files = {}
    for name, one in pairs(list) do
      if _VERSION == "Lua 5.4" or few[name] then
        files[#files + 1] = folder .. "/" .. name .. ".html"
        titles[name .. ".html"] = one.title
        assert(one:save(files[#files]))
      end
    end
    table.sort(files)
    return files
  end

  setup(function()
    if reason then
      return
    end
    local folder = planted.path(made)
    os.execute("mkdir -m 700 " .. folder)
    local box = planted.start()
    local files = pages(box, folder)
    count = #files
    box:stop()
    local output =
      browser.run("spec/peers/report_html.cjs", made, { SHOTS, (table.unpack or unpack)(files) })
    looks = json.decode(output)
    assert(looks, output)
  end)

  teardown(function()
    planted.remove(made)
  end)

  local function each(name, look_at)
    it(name, function()
      if reason then
        pending(reason)
      end
      assert.equal(2 * count, #looks)
      for _, look in ipairs(looks) do
        look_at(look, ("%s, %d pixels, %s"):format(look.file, look.width, look.scheme))
      end
    end)
  end

  each("say nothing on the console, and ask the network for nothing", function(look, where)
    assert.same({}, look.messages, where)
    assert.same({}, look.outside, where)
    assert.equal(0, look.scripts, where)
  end)

  each("pass axe-core: contrast, headings, landmarks, tables, lists", function(look, where)
    assert.same({}, look.violations, where)
    local checked = table.concat(look.checked, " ")
    for _, rule in ipairs {
      "color-contrast",
      "heading-order",
      "landmark-one-main",
      "region",
      "page-has-heading-one",
      "html-has-lang",
    } do
      assert.truthy(checked:find(rule, 1, true), where .. ": " .. rule)
    end
  end)

  each(
    "have one first heading, none left out, landmarks, and a caption for each table",
    function(look, where)
      local firsts, before = 0, 0
      for _, level in ipairs(look.headings) do
        firsts = firsts + (level == 1 and 1 or 0)
        assert.truthy(level <= before + 1, where)
        before = level
      end
      assert.equal(1, firsts, where)
      assert.same({ "header", "main", "footer" }, look.landmarks, where)
      assert.equal(look.tables, look.captions, where)
      assert.truthy(look.title:find(titles[look.file], 1, true), where)
    end
  )

  each("fit the window, and follow the reader's choice of light or dark", function(look, where)
    assert.equal(0, look.overflow, where)
    local expected = look.scheme == "dark" and "rgb(20, 23, 27)" or "rgb(246, 247, 249)"
    assert.equal(expected, look.page, where)
  end)

  each("show the rows that a figure counts, without a script, and all again", function(look, where)
    for _, lead in ipairs(look.leads or {}) do
      assert.same(lead.said, lead.shown, where)
    end
    if look.width == 1280 and (look.file == "mfa.html" or look.file == "companies.html") then
      assert.is_true(#look.leads > 2, where)
    end
  end)

  each("can be printed, and hold nothing that was smuggled in", function(look, where)
    if look.width == 1280 then
      assert.truthy(look.paper > 10000, where)
    end
    for _, name in ipairs(look.elements) do
      assert.falsy(name == "script" or name == "iframe" or name == "b" or name == "img", where)
    end
  end)
end)
