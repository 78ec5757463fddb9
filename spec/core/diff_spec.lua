-- What has to change so that a directory becomes what is desired.
local core = require "lastpass.core"
local expected_changes = require "spec.support.changes"
local fuzz = require "spec.support.fuzz"
local rows = require "spec.support.rows"
local snapshots = require "spec.support.snapshots"

local bits = core.change_bits
local snapshot_of = snapshots.of

local function desired_of(list)
  local desired = core.desired()
  for i, person in ipairs(list) do
    local row =
      assert(desired:add(person.email, person.fullname, person.groups, person.active, 1, i, true))
    assert.equal(i, row)
  end
  return desired
end

-- One change as a table: what it is about, and `true` under the name of each bit.
local function change_at(changes, i)
  local desired, user, set, invited = changes:at(i)
  local joins, leaves = changes:groups(i)
  local change =
    { desired = desired, user = user, invited = invited, joins = joins, leaves = leaves }
  for name, bit in pairs(bits) do
    if math.floor(set / bit) % 2 == 1 then
      change[name] = true
    end
  end
  return change
end

local function all(changes)
  local list = {}
  for i = 1, #changes do
    list[i] = change_at(changes, i)
  end
  return list
end

local function diff(people, directory, options)
  local changes = core.diff(desired_of(people), snapshot_of(directory), options)
  return all(changes), changes:totals(), changes
end

-- Changes in a short form: "w1 u2 name join[A,B] leave[C]".
local function changes_of(people, directory, options)
  local lines = {}
  for i, change in ipairs((diff(people, directory, options))) do
    local words = {}
    words[#words + 1] = change.desired and "w" .. change.desired
    words[#words + 1] = change.user and "u" .. change.user
    words[#words + 1] = change.invited
    for _, name in ipairs {
      "create",
      "name",
      "join",
      "leave",
      "enable",
      "disable",
      "uninvite",
      "missing",
      "missing_invited",
      "duplicate",
    } do
      words[#words + 1] = change[name] and name
    end
    if #change.joins > 0 then
      words[#words + 1] = "+" .. table.concat(change.joins, ",")
    end
    if #change.leaves > 0 then
      words[#words + 1] = "-" .. table.concat(change.leaves, ",")
    end
    lines[i] = table.concat(words, " ")
  end
  return lines
end

local ann = { email = "ann@acme.com", fullname = "Ann Lee", groups = { "A", "B" } }

describe("core.diff", function()
  it("names its bits", function()
    assert.same({
      create = 1,
      name = 2,
      join = 4,
      leave = 8,
      enable = 16,
      disable = 32,
      uninvite = 64,
      missing = 128,
      missing_invited = 256,
      duplicate = 512,
    }, bits)
  end)

  it("says nothing when nothing differs", function()
    local list, totals, changes = diff({ ann }, { users = { ann } })
    assert.same({}, list)
    assert.equal(0, #changes)
    assert.same({
      unchanged = 1,
      create = 0,
      name = 0,
      join = 0,
      leave = 0,
      enable = 0,
      disable = 0,
      uninvite = 0,
      missing = 0,
      missing_invited = 0,
      duplicate = 0,
    }, totals)
    assert.equal("lastpass.changes (0 changes)", tostring(changes))
    assert.same({}, (diff({}, {})))
  end)

  it("creates who is nowhere, unless inactive", function()
    local people = {
      { email = "new@acme.com", fullname = "New", groups = { "B", "A" } },
      { email = "gone@acme.com", active = false, groups = { "A" } },
      { email = "on@acme.com", active = true },
    }
    assert.same({ "w1 create +A,B", "w3 create" }, changes_of(people, { users = {} }))
    local _, totals = diff(people, {})
    assert.same({ 2, 0, 1 }, { totals.create, totals.join, totals.unchanged })
  end)

  it("compares names by bytes, and only those that are managed", function()
    local people = {
      { email = "a@acme.com", fullname = "Ann" },
      { email = "b@acme.com", fullname = "Z\195\188" },
      { email = "c@acme.com" },
      { email = "d@acme.com", fullname = "" },
      { email = "e@acme.com", fullname = "" },
      { email = "f@acme.com", fullname = "Same but longer than eight bytes" },
    }
    local users = {
      { email = "a@acme.com", fullname = "ann" },
      { email = "b@acme.com", fullname = "Zu\204\136" },
      { email = "c@acme.com", fullname = "Other" },
      { email = "d@acme.com" },
      { email = "e@acme.com", fullname = "Eve" },
      { email = "f@acme.com", fullname = "Same but longer than eight bytes" },
    }
    assert.same({ "w1 u1 name", "w2 u2 name", "w5 u5 name" }, changes_of(people, { users = users }))
  end)

  it("finds people whatever the case of their address", function()
    assert.same({}, changes_of({ { email = "ANN@acme.com" } }, { users = { ann } }))
  end)

  it("compares groups, those of the user and those of the lists of members alike", function()
    local directory = {
      users = {
        { email = "Ann@acme.com", groups = { "A", "C", "A" } },
        { email = "bob@acme.com", groups = {} },
      },
      groups = { B = { "ANN@acme.com", "ann@acme.com" }, D = { "bob@acme.com", "ann@acme.com" } },
    }
    assert.same(
      { "w1 u1 join leave +E,F -C,D", "w2 u2 leave -D" },
      changes_of({
        { email = "ann@acme.com", groups = { "F", "B", "A", "E" } },
        { email = "bob@acme.com", groups = {} },
      }, directory, { managed = { "A", "B", "C", "D", "E", "F", "no such group" } })
    )
  end)

  it("leaves groups alone that are not managed, and people whose groups are not", function()
    local people = {
      { email = "ann@acme.com", groups = { "C", "N" } },
      { email = "bob@acme.com" },
    }
    local directory = {
      users = { ann, { email = "bob@acme.com", groups = { "C", "A" } } },
    }
    assert.same({ "w1 u1 join +C,N" }, changes_of(people, directory))
    assert.same({ "w1 u1 leave -A" }, changes_of(people, directory, { managed = { "A" } }))
    assert.same({}, changes_of(people, directory, { managed = {} }))
    assert.same(
      { "w1 u1 join leave +C -B" },
      changes_of(people, directory, { managed = { "C", "B", "B" } })
    )
    assert.same({ "w1 create +C" }, changes_of({ people[1] }, {}, { managed = { "C" } }))
  end)

  it("disables and enables", function()
    local function user(name, disabled)
      return {
        email = name .. "@acme.com",
        fullname = "Old",
        groups = { "A" },
        disabled = disabled or nil,
      }
    end
    local function person(name, active)
      return { email = name .. "@acme.com", fullname = "New", groups = { "B" }, active = active }
    end
    local managed = { managed = { "A", "B" } }
    local directory = { users = { user("on", false), user("off", true) } }
    assert.same(
      { "w1 u1 disable" },
      changes_of({ person("on", false), person("off", false) }, directory, managed)
    )
    assert.same({
      "w1 u1 name join leave +B -A",
      "w2 u2 name join leave enable +B -A",
    }, changes_of({ person("on", true), person("off", true) }, directory, managed))
    assert.same({
      "w1 u1 name join leave +B -A",
      "w2 u2 name join leave +B -A",
    }, changes_of({ person "on", person "off" }, directory, managed))
  end)

  it("treats people who are only invited by their groups alone", function()
    local directory = {
      users = { ann },
      groups = { A = { "new@acme.com", "in@acme.com" }, B = { "IN@acme.com" } },
      invited = { "In@acme.com", "out@acme.com", "ann@acme.com", "other@acme.com", "OUT@acme.com" },
    }
    local people = {
      { email = "in@ACME.com", fullname = "In", groups = { "A", "C" }, active = true },
      { email = "out@acme.com", active = false },
      { email = "new@acme.com", groups = { "A" } },
    }
    assert.same({
      "w1 In@acme.com join leave +C -B",
      "w2 out@acme.com uninvite",
      "w3 create +A",
      "u1 missing",
      "other@acme.com missing_invited",
    }, changes_of(people, directory, { managed = { "A", "B", "C" } }))
    assert.same({ "w1 u1 disable" }, {
      changes_of({ { email = "ann@acme.com", active = false } }, directory)[1],
    })
  end)

  it("tells who is missing in the directory's order, users first", function()
    local directory = {
      users = { { email = "b@x.com" }, { email = "a@x.com" }, { email = "c@x.com" } },
      invited = { "z@x.com", "y@x.com" },
    }
    assert.same({
      "w2 create",
      "u1 missing",
      "u3 missing",
      "z@x.com missing_invited",
      "y@x.com missing_invited",
    }, changes_of({ { email = "a@x.com" }, { email = "new@x.com" } }, directory))
  end)

  describe("with two users of one address", function()
    local duplicates = { users = { { email = "Ann@x.com" }, { email = "ann@x.com" } } }

    it("gives the one that is written alike to who is desired", function()
      assert.same({ "u1 duplicate" }, changes_of({ { email = "ann@x.com" } }, duplicates))
      assert.same({ "u2 duplicate" }, changes_of({ { email = "Ann@x.com" } }, duplicates))
    end)

    it("guesses nothing when none is", function()
      local people =
        { { email = "ANN@x.com", fullname = "Other", groups = { "A" }, active = false } }
      assert.same({ "w1 u1 duplicate", "u2 duplicate" }, changes_of(people, duplicates))
    end)

    it("guesses nothing when both are", function()
      local both = { users = { { email = "ann@x.com" }, { email = "ann@x.com" } } }
      assert.same(
        { "w1 u1 duplicate", "u2 duplicate" },
        changes_of({ { email = "ann@x.com" } }, both)
      )
    end)

    it("calls neither missing", function()
      assert.same({ "u1 duplicate", "u2 duplicate" }, changes_of({}, duplicates))
    end)

    it("knows more than two", function()
      local users = {}
      for i, email in ipairs { "b@x.com", "A@x.com", "a@X.com", "B@x.com", "a@x.com" } do
        users[i] = { email = email }
      end
      assert.same(
        { "u1 duplicate", "u2 duplicate", "u3 duplicate", "u4 duplicate" },
        changes_of({ { email = "a@x.com" } }, { users = users })
      )
    end)
  end)

  describe("with pairs that another rule has found", function()
    local directory = {
      users = { { email = "old@x.com", fullname = "Ann" }, { email = "new@x.com" } },
      invited = { "third@x.com" },
    }

    it("takes those, and never calls missing who has the desired address", function()
      assert.same(
        {
          "w1 u1 name",
          "u2 duplicate",
          "third@x.com missing_invited",
        },
        changes_of(
          { { email = "new@x.com", fullname = "Ann B" } },
          directory,
          { matched = { 1, 1 } }
        )
      )
      assert.same(
        { "u2 missing" },
        changes_of({ { email = "third@x.com" } }, directory, { matched = { 1, 1 } })
      )
    end)

    it("guesses nothing when the address is that of somebody else", function()
      local people = { { email = "first@x.com" }, { email = "old@x.com", fullname = "Bob" } }
      assert.same(
        { "w2 u1 duplicate", "u2 missing", "third@x.com missing_invited" },
        changes_of(people, directory, { matched = { 1, 1 } })
      )
    end)

    it("lets two people change places", function()
      local people = { { email = "old@x.com" }, { email = "new@x.com" } }
      assert.same(
        { "third@x.com missing_invited" },
        changes_of(people, directory, { matched = { 1, 2, 2, 1 } })
      )
    end)

    it("raises when they make no sense", function()
      local people = { { email = "old@x.com" }, { email = "new@x.com" } }
      for _, matched in ipairs {
        { 1 },
        { 1, 3 },
        { 3, 1 },
        { 0, 1 },
        { 1, 1.5 },
        { "1", 1 },
        { 1, 1, 1, 2 },
        { 1, 1, 2, 1 },
      } do
        assert.error_matches(function()
          diff(people, directory, { matched = matched })
        end, "matched")
      end
    end)
  end)

  it("counts changes and memberships", function()
    local people = {
      { email = "a@x.com", groups = { "A", "B", "C" }, fullname = "A" },
      { email = "b@x.com", groups = {}, fullname = "B", active = true },
      { email = "c@x.com", active = false },
      { email = "d@x.com", groups = { "A" } },
      { email = "e@x.com" },
      { email = "T@x.com" },
    }
    local directory = {
      users = {
        { email = "a@x.com" },
        { email = "b@x.com", groups = { "A", "B" }, disabled = true },
        { email = "c@x.com" },
        { email = "e@x.com" },
        { email = "f@x.com" },
        { email = "t@x.com" },
        { email = "t@X.com" },
      },
      invited = { "i@x.com" },
    }
    local _, totals = diff(people, directory)
    assert.same({
      unchanged = 1,
      create = 1,
      name = 2,
      join = 3,
      leave = 2,
      enable = 1,
      disable = 1,
      uninvite = 0,
      missing = 1,
      missing_invited = 1,
      duplicate = 2,
    }, totals)
  end)

  it("tells how large groups will be", function()
    local directory = {
      users = {
        { email = "a@x.com", groups = { "A", "A" } },
        { email = "b@x.com", groups = { "A", "B" } },
        { email = "gone@x.com", groups = { "A" } },
      },
      groups = { A = { "A@x.com", "i@x.com", "j@x.com", "J@x.com", "stray@x.com" }, E = {} },
      invited = { "i@x.com", "j@x.com" },
    }
    local people = {
      { email = "a@x.com", groups = { "B" } },
      { email = "b@x.com", groups = { "A", "B" } },
      { email = "i@x.com", active = false },
      { email = "j@x.com", groups = { "A", "B" } },
      { email = "new@x.com", groups = { "N", "A" } },
    }
    local _, _, changes = diff(people, directory)
    -- A: b, gone, j, stray and new; a leaves, i is invited no more
    assert.same(
      { A = 5, B = 3, N = 1, E = 0, none = 0 },
      changes:group_sizes { "A", "B", "N", "E", "none", "A" }
    )
    assert.same({}, changes:group_sizes {})
    assert.has_error(function()
      changes:group_sizes { 1 }
    end)
    assert.has_error(function()
      changes:group_sizes()
    end)
  end)

  it("keeps both sides alive", function()
    local changes = core.diff(
      desired_of { { email = "new@x.com", groups = { "A" } } },
      snapshot_of { users = { { email = "old@x.com" } }, invited = { "i@x.com" } }
    )
    for _ = 1, 3 do
      collectgarbage()
      for i = 1, 1000 do
        assert.equal(0, #core.desired(), ("rubbish"):rep(i % 50))
      end
    end
    assert.same({ desired = 1, create = true, joins = { "A" }, leaves = {} }, change_at(changes, 1))
    assert.equal("i@x.com", (select(4, changes:at(3))))
  end)

  it("raises when either side is closed or has changed since", function()
    local function made()
      local desired = desired_of { { email = "new@x.com", groups = { "A" } } }
      local snapshot = snapshot_of { users = { { email = "old@x.com" } } }
      return desired, snapshot, core.diff(desired, snapshot)
    end
    for _, change in ipairs {
      function(desired)
        desired:close()
      end,
      function(desired)
        desired:add "other@x.com"
      end,
      function(desired)
        desired:set_groups(1, {})
      end,
      function(desired)
        desired:add_groups(1, { "B" })
      end,
      function(_, snapshot)
        snapshot:close()
      end,
      function(_, snapshot)
        snapshot:append(rows.read '{"Users":{"77":{"username":"late@x.com"}}}')
      end,
    } do
      local desired, snapshot, changes = made()
      assert.equal(2, #changes)
      change(desired, snapshot)
      for _, call in ipairs { { "at", 1 }, { "groups", 1 }, { "totals" }, { "group_sizes", {} } } do
        assert.error_matches(function()
          changes[call[1]](changes, call[2])
        end, "closed or has changed")
      end
      assert.error_matches(function()
        return #changes
      end, "closed or has changed")
    end
    local desired, snapshot, changes = made()
    assert.is_nil((desired:add("NEW@x.com")))
    assert.is_nil(desired:find "nobody@x.com")
    assert.equal(1, snapshot:find "old@x.com")
    assert.equal(2, #changes)
  end)

  it("raises for what it cannot work with", function()
    local desired, snapshot = core.desired(), snapshot_of {}
    local function check(message, a, b, c)
      local ok, text = pcall(core.diff, a, b, c)
      assert.is_false(ok)
      assert.matches(message, text)
    end
    check("snapshot", desired, desired)
    check("desired", snapshot, snapshot)
    check("table", desired, snapshot, 1)
    check("unknown option 'manage'", desired, snapshot, { manage = {} })
    check("unknown option", desired, snapshot, { 1 })
    check("'managed' must be a list", desired, snapshot, { managed = "A" })
    check("list of names", desired, snapshot, { managed = { 1 } })
    check("'matched' must be a list", desired, snapshot, { matched = 1 })
    local half = core.snapshot()
    half:feed '{"Users":{'
    check("not read to the end", desired, half)
    snapshot:close()
    check("closed", desired, snapshot)
    desired:close()
    check("closed", desired, snapshot_of {})
    local changes = core.diff(core.desired(), snapshot_of { users = { ann } })
    for _, i in ipairs { 0, 2, -1 } do
      assert.error_matches(function()
        changes:at(i)
      end, "no such change")
      assert.error_matches(function()
        changes:groups(i)
      end, "no such change")
    end
  end)

  it("holds 70,000 groups, of one person too", function()
    local names, members = {}, {}
    local count = fuzz.rounds(70000)
    for i = 1, count do
      names[i] = ("Group %06d"):format(i)
    end
    for i = 1, count, 2 do
      members[names[i]] = { "ANN@acme.com" }
    end
    local own = {}
    for i = 1, math.min(count, 60000) do
      own[i] = names[count + 1 - i]
    end
    local _, totals, changes = diff(
      { { email = "ann@acme.com", groups = names }, { email = "bob@acme.com", groups = names } },
      { users = { { email = "ann@acme.com", groups = own } }, groups = members }
    )
    local expected = 0
    for i = 1, count - #own do
      expected = expected + (i % 2 == 0 and 1 or 0)
    end
    assert.equal(expected, totals.join)
    assert.equal(1, totals.create)
    local joins = changes:groups(#changes)
    assert.equal(count, #joins)
    assert.same({ names[1], names[count] }, { joins[1], joins[count] })
    assert.equal(2, changes:group_sizes({ names[1] })[names[1]])
  end)

  it("tells people apart whose hashes meet", function()
    -- the table of 64 places is full of them
    local people, users = {}, {}
    for i = 1, 3000 do
      local bracket = i % 2 == 0 and "[" or "{" -- folded to one for the hash, but no letters
      people[i] = { email = ("%s%d@x.com"):format(bracket, i - i % 2) }
      users[i] = { email = ("%s%d@X.COM"):format(bracket, i - i % 2) }
    end
    local list, totals = diff(people, { users = users })
    assert.same({}, list)
    assert.equal(3000, totals.unchanged)
  end)

  describe("against plain Lua", function()
    local letters = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" }

    local function email(random)
      local name = random:of(letters)
      if random:once_in(4) then
        name = name:upper()
      end
      return name .. (random:once_in(5) and "@X.com" or "@x.com")
    end

    local function groups(random, most)
      local list = {}
      for i = 1, random:upto(most) - 1 do
        list[i] = "G" .. random:upto(6)
      end
      return list
    end

    local function flag(random)
      local value = random:upto(3)
      if value == 1 then
        return nil
      end
      return value == 2
    end

    local function maybe(random, value)
      if random:once_in(3) then
        return nil
      end
      return value
    end

    local function make_desired(random)
      local people, known = {}, {}
      for _ = 1, random:upto(9) - 1 do
        local person = {
          email = email(random),
          fullname = maybe(random, random:of { "Ann", "Bob", "" }),
          groups = maybe(random, groups(random, 5)),
          active = flag(random),
        }
        if not known[person.email:lower()] then
          known[person.email:lower()] = true
          people[#people + 1] = person
        end
      end
      return people
    end

    local function make_directory(random)
      local directory = { users = {}, groups = {}, invited = {} }
      local allows_duplicates, known = random:once_in(3), {}
      for _ = 1, random:upto(9) - 1 do
        local address = email(random)
        if allows_duplicates or not known[address:lower()] then
          known[address:lower()] = true
          table.insert(directory.users, {
            email = address,
            fullname = random:of { "Ann", "Bob", "" },
            groups = groups(random, 5),
            disabled = random:once_in(3),
          })
        end
      end
      for _ = 1, random:upto(4) - 1 do
        local members = {}
        for i = 1, random:upto(5) - 1 do
          members[i] = email(random)
        end
        directory.groups["G" .. random:upto(7)] = members
      end
      for i = 1, random:upto(4) - 1 do
        directory.invited[i] = email(random)
      end
      return directory
    end

    local function make_matched(random, people, directory)
      local matched, flat = {}, {}
      local used = {}
      for _ = 1, random:once_in(2) and random:upto(3) or 0 do
        if #people > 0 and #directory.users > 0 then
          local person, user = random:upto(#people), random:upto(#directory.users)
          if not matched[person] and not used[user] then
            matched[person], used[user] = user, true
            flat[#flat + 1], flat[#flat + 2] = person, user
          end
        end
      end
      return matched, flat
    end

    local all_groups = { "G1", "G2", "G3", "G4", "G5", "G6", "G7" }

    local function check_round(seed)
      local random = fuzz.random(seed)
      local people, directory = make_desired(random), make_directory(random)
      local matched, flat = make_matched(random, people, directory)
      local desired = desired_of(people)
      local managed = random:once_in(2) and groups(random, 8) or nil
      local changes = core.diff(desired, snapshot_of(directory), {
        managed = managed,
        matched = random:once_in(2) and #flat == 0 and {} or flat,
      })
      local list, unchanged, sizes =
        expected_changes.expected(people, directory, managed or desired:group_names(), matched)
      assert.same(list, all(changes), "seed " .. seed)
      assert.equal(unchanged, changes:totals().unchanged)
      local found = changes:group_sizes(all_groups)
      for _, name in ipairs(all_groups) do
        assert.equal(sizes[name] or 0, found[name], ("seed %d, %s"):format(seed, name))
      end
      local totals = { join = 0, leave = 0 }
      for _, change in ipairs(list) do
        for name in pairs(bits) do
          if change[name] and name ~= "join" and name ~= "leave" then
            totals[name] = (totals[name] or 0) + 1
          end
        end
        totals.join = totals.join + (change.join and #change.joins or 0)
        totals.leave = totals.leave + (change.leave and #change.leaves or 0)
      end
      for name in pairs(bits) do
        assert.equal(totals[name] or 0, changes:totals()[name], name)
      end
    end

    it("says the same of 300 companies", function()
      for seed = 1, 300 do
        check_round(seed)
      end
    end)

    it("says the same under a collector that never rests", function()
      local pause, multiplier = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
      for seed = 301, 301 + fuzz.rounds(60) do
        check_round(seed)
        collectgarbage "step"
      end
      collectgarbage("setpause", pause)
      collectgarbage("setstepmul", multiplier)
      if _VERSION == "Lua 5.4" then
        collectgarbage "generational"
        for seed = 401, 401 + fuzz.rounds(60) do
          check_round(seed)
        end
        collectgarbage "incremental"
      end
    end)
  end)
end)
