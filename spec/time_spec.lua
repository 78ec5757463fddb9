local effort = require "spec.support.effort"
local time = require "lastpass.time"
local zone_data = require "lastpass.time.zone_data"

local function civil(text)
  return assert(time.parse_civil(text))
end

local function utc(text)
  return civil(text)
end

-- A small generator of our own: the same numbers under every interpreter.
local function random_source(seed)
  local state = seed
  return function(low, high)
    state = (state * 16807) % 2147483647
    return low + math.floor(state / 2147483647 * (high - low + 1))
  end
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- What GNU date says of many instants in a zone: a list of {civil text, abbreviation}.
local function ask_date(zone, instants)
  local path = os.tmpname()
  local lines = {}
  for index, instant in ipairs(instants) do
    lines[index] = ("@%d"):format(instant)
  end
  write_file(path, table.concat(lines, "\n") .. "\n")
  local pipe = assert(
    io.popen(("TZ='%s' LC_ALL=C date -f %s '+%%Y-%%m-%%d %%H:%%M:%%S|%%Z'"):format(zone, path))
  )
  local answers = {}
  for line in pipe:lines() do
    local wall, abbreviation = line:match "^(.-)|(.*)$"
    answers[#answers + 1] = { wall, abbreviation }
  end
  pipe:close()
  os.remove(path)
  assert.are.equal(#instants, #answers)
  return answers
end

-- Instants between 1900 and 2100: at random, and around each change of the clock.
-- The C library knows nothing of a bare POSIX rule before 1970, so those start there.
local function instants_for(zone, seed)
  local first = zone.first_change and -2208988800 or 31536000
  local random = random_source(seed)
  local instants = {}
  for index = 1, 150 do
    instants[index] = random(first, 4102444799)
  end
  zone:to_local(4102444799)
  for index = 1, zone.count do
    local at = zone.at[index]
    if at > first and at < 4102444799 then
      for _, step in ipairs { -1, 0, 1 } do
        instants[#instants + 1] = at + step
      end
    end
  end
  return instants
end

-- A wall time belongs to an instant when the zone shows it at that instant: found by trying
-- every offset the zone has had, with nothing of to_utc's own reasoning.
local function instants_of(zone, wall)
  local found, seen = {}, {}
  for index = 0, zone.count do
    local candidate = wall - zone.kinds[index].offset
    if not seen[candidate] and zone:to_local(candidate) == wall then
      found[#found + 1] = candidate
    end
    seen[candidate] = true
  end
  table.sort(found)
  return found
end

local ZONES = {
  "America/New_York",
  "America/Chicago",
  "America/Los_Angeles",
  "America/St_Johns",
  "America/Sao_Paulo",
  "America/Santiago",
  "America/Nuuk",
  "America/Caracas",
  "America/Havana",
  "America/Anchorage",
  "Europe/Berlin",
  "Europe/London",
  "Europe/Dublin",
  "Europe/Moscow",
  "Europe/Lisbon",
  "Europe/Istanbul",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Africa/Lagos",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Tehran",
  "Asia/Gaza",
  "Asia/Jerusalem",
  "Asia/Tokyo",
  "Asia/Shanghai",
  "Asia/Pyongyang",
  "Australia/Sydney",
  "Australia/Adelaide",
  "Australia/Lord_Howe",
  "Pacific/Auckland",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Antarctica/Troll",
  "Etc/GMT+5",
  "UTC",
  "EST5EDT,M3.2.0,M11.1.0",
  "AEST-10AEDT,M10.1.0,M4.1.0/3",
  "IST-1GMT0,M10.5.0,M3.5.0/1",
  "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
  "XYZ-5:45XYT,J60/1:30,J300",
  "ABC3DEF,59,299/26",
}

describe("time.civil and time.fields", function()
  it("count known days", function()
    assert.are.equal(0, time.civil(1970, 1, 1))
    assert.are.equal(951782400, time.civil(2000, 2, 29))
    assert.are.equal(1795387226, time.civil(2026, 11, 22, 22, 40, 26))
    assert.are.equal(-62135596800, time.civil(1, 1, 1))
    assert.are.equal(253402300799, time.civil(9999, 12, 31, 23, 59, 59))
  end)

  it("agree with each other, day after day, from year 1 to 9999", function()
    local days_of = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
    local expected, checked = -62135596800, 0
    for year = 1, 9999 do
      local leap = year % 400 == 0 or year % 4 == 0 and year % 100 ~= 0
      for month = 1, 12 do
        local last = days_of[month] + (leap and month == 2 and 1 or 0)
        for _, day in ipairs { 1, last } do
          local start = expected + (day - 1) * 86400
          local fields = time.fields(start + 86399)
          if
            time.civil(year, month, day) ~= start
            or fields.year ~= year
            or fields.month ~= month
            or fields.day ~= day
            or fields.hour ~= 23
            or fields.min ~= 59
            or fields.sec ~= 59
          then
            error(("%d-%d-%d is wrong"):format(year, month, day))
          end
          checked = checked + 1
        end
        expected = expected + last * 86400
      end
    end
    assert.are.equal(253402300800, expected)
    assert.are.equal(9999 * 24, checked)
  end)

  it("know weekdays and days of the year", function()
    local sunday = time.fields(civil "2026-11-22 22:40:26")
    assert.are.equal(1, sunday.wday)
    assert.are.equal(326, sunday.yday)
    assert.are.equal(5, time.fields(0).wday)
    assert.are.equal(366, time.fields(civil "2024-12-31 00:00:00").yday)
  end)

  it("say which part is out of range", function()
    local cases = {
      { { 0, 1, 1 }, "year 0 is not 1 to 9999" },
      { { 10000, 1, 1 }, "year 10000 is not 1 to 9999" },
      { { 2026, 13, 1 }, "month 13 is not 1 to 12" },
      { { 2026, 2, 29 }, "day 29 is not 1 to 28" },
      { { 2024, 2, 30 }, "day 30 is not 1 to 29" },
      { { 2026, 1, 1, 24 }, "hour 24 is not 0 to 23" },
      { { 2026, 1, 1, 0, 60 }, "minute 60 is not 0 to 59" },
      { { 2026, 1, 1, 0, 0, 60 }, "second 60 is not 0 to 59" },
    }
    for _, case in ipairs(cases) do
      local a = case[1]
      local value, reason = time.civil(a[1], a[2], a[3], a[4], a[5], a[6])
      assert.is_nil(value)
      assert.are.equal(case[2], reason)
    end
  end)
end)

describe("the wire format", function()
  it("is read and written", function()
    for _, text in ipairs {
      "0001-01-01 00:00:00",
      "1582-10-15 12:34:56",
      "1969-12-31 23:59:59",
      "2024-02-29 00:00:00",
      "2026-11-22 22:40:26",
      "9999-12-31 23:59:59",
    } do
      assert.are.equal(text, time.format_civil(civil(text)))
    end
    assert.are.equal(1795387226, time.parse_civil "2026-11-22 22:40:26")
  end)

  it("gives integers where Lua has them", function()
    if math.type then
      assert.are.equal("integer", math.type(civil "2026-11-22 22:40:26"))
      assert.are.equal("integer", math.type((time.zone():to_utc(civil "2026-11-22 22:40:26"))))
      assert.are.equal("integer", math.type(time.fields(12345).year))
    end
  end)

  it("is strict", function()
    for _, text in ipairs {
      "",
      "2026-11-22",
      "2026-11-22T22:40:26",
      "2026-11-22 22:40",
      "2026-11-22 22:40:26 ",
      " 2026-11-22 22:40:26",
      "2026-11-22 22:40:26\n",
      "2026-11-22  2:40:26",
      "+026-11-22 22:40:26",
      "2026-1a-22 22:40:26",
      "2026-11-22 22:40:26Z",
      "2026-11-22\0" .. "22:40:26",
    } do
      local value, reason = time.parse_civil(text)
      assert.is_nil(value)
      assert.are.equal("not of the form YYYY-MM-DD HH:MM:SS", reason)
    end
    assert.is_nil((time.parse_civil(nil)))
    assert.is_nil((time.parse_civil(20261122)))
    assert.are.equal("year 0 is not 1 to 9999", select(2, time.parse_civil "0000-00-00 00:00:00"))
    assert.are.equal("day 31 is not 1 to 30", select(2, time.parse_civil "2026-11-31 00:00:00"))
    assert.are.equal("second 60 is not 0 to 59", select(2, time.parse_civil "2016-12-31 23:59:60"))
  end)

  it("has an ISO sister in UTC", function()
    assert.are.equal("2026-11-22T22:40:26Z", time.iso(1795387226))
    assert.are.equal("1969-12-31T23:59:59Z", time.iso(-0.5))
  end)
end)

describe("a zone", function()
  it("shows the same wall clock as GNU date, and the way back is right", function()
    local instants_checked, ambiguous_seen, gaps_seen = 0, 0, 0
    for seed, name in ipairs(ZONES) do
      local zone = assert(time.zone(name))
      local instants = instants_for(zone, seed)
      local answers = ask_date(name, instants)
      for index, instant in ipairs(instants) do
        local wall, offset, abbreviation = zone:to_local(instant)
        local expected = answers[index]
        local where = name .. " at " .. instant
        if time.format_civil(wall) ~= expected[1] or abbreviation ~= expected[2] then
          assert.are.equal(
            expected[1] .. " " .. expected[2],
            time.format_civil(wall) .. " " .. abbreviation,
            where
          )
        end
        assert(wall - offset == instant, where)
        for _, step in ipairs { 0, -1800, 5400 } do
          local found = instants_of(zone, wall + step)
          local back, ambiguous, nonexistent = zone:to_utc(wall + step)
          assert(ambiguous == (#found > 1), where)
          assert(nonexistent == (#found == 0), where)
          if #found > 0 then
            assert(back == found[1], where)
            assert(zone:to_utc(wall + step, true) == found[#found], where)
          end
          ambiguous_seen = ambiguous_seen + (ambiguous and 1 or 0)
          gaps_seen = gaps_seen + (nonexistent and 1 or 0)
        end
        instants_checked = instants_checked + 1
      end
    end
    assert.is_true(instants_checked > 20000)
    assert.is_true(ambiguous_seen > 1000)
    assert.is_true(gaps_seen > 1000)
  end)

  it("takes the earlier instant of an autumn hour and says so", function()
    local zone = time.zone "America/New_York"
    local earlier, ambiguous, nonexistent = zone:to_utc(civil "2026-11-01 01:30:00")
    assert.are.equal(utc "2026-11-01 05:30:00", earlier)
    assert.is_true(ambiguous)
    assert.is_false(nonexistent)
    assert.are.equal(utc "2026-11-01 06:30:00", (zone:to_utc(civil "2026-11-01 01:30:00", true)))
    assert.is_false((select(2, zone:to_utc(civil "2026-11-01 00:59:59"))))
    assert.is_true((select(2, zone:to_utc(civil "2026-11-01 01:00:00"))))
    assert.is_true((select(2, zone:to_utc(civil "2026-11-01 01:59:59"))))
    assert.is_false((select(2, zone:to_utc(civil "2026-11-01 02:00:00"))))
  end)

  it("moves a skipped spring time forward and says so", function()
    local zone = time.zone "America/New_York"
    local moved, ambiguous, nonexistent = zone:to_utc(civil "2026-03-08 02:30:00")
    assert.are.equal("2026-03-08 03:30:00", time.format_civil((zone:to_local(moved))))
    assert.is_false(ambiguous)
    assert.is_true(nonexistent)
    assert.is_false((select(3, zone:to_utc(civil "2026-03-08 03:00:00"))))
  end)

  it("moves by half an hour on Lord Howe Island", function()
    local zone = time.zone "Australia/Lord_Howe"
    local moved, _, nonexistent = zone:to_utc(civil "2026-10-04 02:15:00")
    assert.is_true(nonexistent)
    assert.are.equal("2026-10-04 02:45:00", time.format_civil((zone:to_local(moved))))
    assert.is_true((select(2, zone:to_utc(civil "2026-04-05 01:45:00"))))
    assert.is_false((select(2, zone:to_utc(civil "2026-04-05 01:15:00"))))
  end)

  it("goes on by its rule to year 9999, and the rule repeats after 400 years", function()
    local cycle = 146097 * 86400
    for _, name in ipairs { "America/New_York", "Australia/Sydney", "EST5EDT,M3.2.0,M11.1.0" } do
      local zone = time.zone(name)
      local random = random_source(7)
      for _ = 1, 2000 do
        local instant = random(utc "2040-01-01 00:00:00", utc "2400-01-01 00:00:00")
        local wall, offset = zone:to_local(instant)
        -- A bare rule holds for the years before it was written, too.
        local shift = cycle * random(zone.first_change and 1 or -4, 18)
        local far_wall, far_offset = zone:to_local(instant + shift)
        assert(offset == far_offset and wall + shift == far_wall)
        local near, near_ambiguous, near_gap = zone:to_utc(wall)
        local far, far_ambiguous, far_gap = zone:to_utc(wall + shift)
        assert(near + shift == far and near_ambiguous == far_ambiguous and near_gap == far_gap)
      end
      assert.is_true(zone.count < 1100)
    end
    local eastern = time.zone "America/New_York"
    assert.are.equal(
      "9999-07-01T04:00:00Z",
      time.iso((eastern:to_utc(civil "9999-07-01 00:00:00")))
    )
  end)

  it("answers the same in any order of questions", function()
    local names = { "America/New_York", "Europe/Dublin", "EST5EDT,M3.2.0,M11.1.0" }
    for _, name in ipairs(names) do
      local fresh = function()
        return assert(time.zone(name, { os.getenv "TZDIR" or "/usr/share/zoneinfo" }))
      end
      local used, random = fresh(), random_source(11)
      for _ = 1, 300 do
        local wall = random(civil "1900-01-01 00:00:00", civil "2900-01-01 00:00:00")
        local a, b, c = used:to_utc(wall)
        local x, y, z = fresh():to_utc(wall)
        assert(a == x and b == y and c == z)
        local p, q, r = used:to_local(wall)
        local k, l, m = fresh():to_local(wall)
        assert(p == k and q == l and r == m)
      end
    end
  end)

  it("has daylight time all year when its rule says so", function()
    local zone = time.zone "XXX3EDT4,0/0,J365/23"
    for year = 1960, 2100, 7 do
      for _, month in ipairs { 1, 6, 12 } do
        local _, offset, abbreviation = zone:to_local(time.civil(year, month, 1))
        assert.are.equal(-4 * 3600, offset)
        assert.are.equal("EDT", abbreviation)
      end
    end
  end)

  it("tells the stretch in which its offset stays", function()
    local zone = time.zone()
    local from, to, offset = zone:stretch(1781528400)
    assert.same({ 1772953200, 1793512800, -14400 }, { from, to, offset })
    from, to, offset = zone:stretch(to)
    assert.equal(1793512800, from)
    assert.equal(-18000, offset)
    assert.is_true(to > from)
    from, to, offset = time.zone("UTC"):stretch(0)
    assert.same({ -math.huge, math.huge, 0 }, { from, to, offset })
  end)

  it("refuses what is no finite number", function()
    local zone = time.zone "America/New_York"
    assert.has_error(function()
      zone:to_utc(0 / 0)
    end)
    assert.has_error(function()
      zone:to_utc(math.huge)
    end)
    assert.has_error(function()
      zone:to_local(-math.huge)
    end)
  end)

  it("remembers the stretch last asked for", function()
    local zone = time.zone "America/New_York"
    local summer, winter = civil "2026-06-01 00:00:00", civil "2026-12-01 00:00:00"
    local function instructions(other)
      return (
        effort.of(function()
          for index = 1, 5000 do
            zone:to_utc(index % 2 == 0 and summer or other)
          end
        end)
      )
    end
    assert.is_true(instructions(summer + 86400) * 2 < instructions(winter))
  end)
end)

describe("time.zone", function()
  it("knows names, POSIX rules, UTC and offsets", function()
    assert.are.equal("Europe/Berlin", tostring(time.zone "Europe/Berlin"))
    assert.are.equal("America/New_York", time.zone().name)
    assert.are.equal(0, (time.zone("UTC"):to_utc(0)))
    assert.are.equal(-7200, (time.zone("+02:00"):to_utc(0)))
    assert.are.equal(12600, (time.zone("-0330"):to_utc(0)))
    assert.are.equal(18000, (time.zone("EST5"):to_utc(0)))
    assert.are.equal(-19800, (time.zone("<+0530>-5:30"):to_utc(0)))
    assert.is_false(time.zone("Europe/Berlin").approximate)
  end)

  it("keeps zones", function()
    assert.are.equal(time.zone "Europe/Berlin", time.zone "Europe/Berlin")
  end)

  it("refuses unknown names with a hint, and names a near one", function()
    local zone, message, err = time.zone "Europe/Berln"
    assert.is_nil(zone)
    assert.are.equal('unknown time zone "Europe/Berln" (did you mean "Europe/Berlin"?)', message)
    assert.are.equal("argument", err.kind)
    assert.are.equal("unknown_zone", err.code)
    assert.are.equal("apt install tzdata, or give the POSIX form", err.hint)
  end)

  it("refuses names that leave the database's folder", function()
    for _, name in ipairs {
      "../../../etc/passwd",
      "/etc/passwd",
      "Europe/../Europe/Berlin",
      "Europe//Berlin",
      ":Europe/Berlin",
      "Europe/Berlin\0",
      "",
      ".",
      "Europe",
      "tzdata.zi",
      "\27[2J",
    } do
      local zone, message, err = time.zone(name)
      assert.is_nil(zone, name)
      assert.are.equal("unknown_zone", err.code)
      assert.is_nil(message:find "[%c]")
    end
    local europe = { "/usr/share/zoneinfo/Europe" }
    assert.is_not_nil((time.zone("Berlin", europe)))
    assert.is_nil((time.zone("../Asia/Tokyo", europe)))
  end)

  it("refuses UTC+2 and GMT-5, which POSIX reads the other way round", function()
    local zone, message, err = time.zone "UTC+2"
    assert.is_nil(zone)
    assert.is_truthy(message:find('write "+02:00"', 1, true))
    assert.are.equal('write "+02:00"', err.hint)
    assert.is_nil((time.zone "GMT-5"))
    assert.are.equal(0, (time.zone("GMT+0"):to_utc(0)))
    assert.are.equal(5 * 3600, (time.zone("Etc/GMT+5"):to_utc(0)))
  end)

  it("raises for a name that is no string", function()
    assert.has_error(function()
      time.zone(5)
    end, "time.zone: 'name' must be a string, not a number: time.zone(name?, directories?)")
  end)

  it("serves the default zone by its rule where tzdata is missing", function()
    local zone = assert(time.zone("America/New_York", { "/nonexistent" }))
    local exact = time.zone "America/New_York"
    assert.is_true(zone.approximate)
    local random = random_source(3)
    for _ = 1, 2000 do
      local instant = random(utc "2007-01-01 12:00:00", utc "2100-01-01 00:00:00")
      assert.are.equal((exact:to_local(instant)), (zone:to_local(instant)))
    end
    local other, _, err = time.zone("Europe/Berlin", { "/nonexistent" })
    assert.is_nil(other)
    assert.are.equal("apt install tzdata, or give the POSIX form", err.hint)
  end)

  it("looks into $TZDIR first", function()
    local directory = os.tmpname()
    os.remove(directory)
    assert(os.execute("mkdir " .. directory))
    assert(os.execute(("cp /usr/share/zoneinfo/Asia/Tokyo %s/Office"):format(directory)))
    local script = [[local z = require("lastpass.time").zone("Office") print((z:to_local(0)))]]
    local interpreter = arg[0]
    for index = -1, -20, -1 do
      interpreter = arg[index] or interpreter
    end
    local command = ("LUA_PATH='%s' TZDIR=%s %s -e '%s'"):format(
      package.path,
      directory,
      interpreter,
      script
    )
    local pipe = assert(io.popen(command))
    local answer = pipe:read "*a"
    pipe:close()
    os.remove(directory .. "/Office")
    os.remove(directory)
    assert.are.equal("32400\n", answer)
  end)
end)

describe("TZif files", function()
  local function read(name)
    local file = assert(io.open("/usr/share/zoneinfo/" .. name, "rb"))
    local data = file:read "*a"
    file:close()
    return data
  end

  it("cut anywhere are refused or read, never a crash", function()
    local data = read "Europe/Berlin"
    local refused = 0
    for length = 0, #data - 1 do
      local content, reason = zone_data.parse_file(data:sub(1, length))
      if not content then
        assert.is_string(reason)
        refused = refused + 1
      end
    end
    -- Only the footer may be missing.
    assert.is_true(refused >= #data - 40)
  end)

  it("with any byte changed are refused or usable, never a crash", function()
    local data, random = read "America/New_York", random_source(5)
    local refused = 0
    for _ = 1, 3000 do
      local at = random(1, #data)
      local broken = data:sub(1, at - 1) .. string.char(random(0, 255)) .. data:sub(at + 1)
      local content = zone_data.parse_file(broken)
      if content then
        local zone = require("lastpass.time.zone").new(
          "x",
          content,
          content.footer and zone_data.parse_rule(content.footer)
        )
        zone:to_utc(1795387226)
        zone:to_local(4102444800)
      else
        refused = refused + 1
      end
    end
    assert.is_true(refused > 0)
  end)

  it("of version 1 are read", function()
    local data = read "Europe/Berlin"
    -- The 32-bit block of a fat file, with its version set back, is a version 1 file.
    local second = data:find("TZif", 5, true)
    local content = assert(zone_data.parse_file("TZif\0" .. data:sub(6, second - 1)))
    assert.is_nil(content.footer)
    local zone = require("lastpass.time.zone").new("x", content)
    assert.are.equal(utc "2026-07-01 10:00:00", (zone:to_utc(civil "2026-07-01 12:00:00")))
  end)

  it("with leap seconds are refused", function()
    local header = "TZif\0"
      .. ("\0"):rep(15)
      .. "\0\0\0\0"
      .. "\0\0\0\0"
      .. "\0\0\0\1"
      .. "\0\0\0\0"
      .. "\0\0\0\1"
      .. "\0\0\0\4"
    local body = "\0\0\0\0\0\0" .. "UTC\0" .. ("\0"):rep(8)
    local content, reason = zone_data.parse_file(header .. body)
    assert.is_nil(content)
    assert.are.equal("it counts leap seconds, which UTC epoch seconds do not", reason)
  end)
end)

describe("POSIX rules", function()
  it("that are wrong are refused", function()
    for _, text in ipairs {
      "",
      "E5",
      "EST",
      "EST25",
      "EST5:60",
      "EST5EDT,",
      "EST5EDT,M3.2.0",
      "EST5EDT,M3.2.0,",
      "EST5EDT,M13.2.0,M11.1.0",
      "EST5EDT,M3.6.0,M11.1.0",
      "EST5EDT,M3.2.7,M11.1.0",
      "EST5EDT,M3.0.0,M11.1.0",
      "EST5EDT,J0,J365",
      "EST5EDT,J1,J366",
      "EST5EDT,0,366",
      "EST5EDT,M3.2.0/168,M11.1.0",
      "EST5EDT,M3.2.0,M11.1.0,",
      "EST5EDT;M3.2.0,M11.1.0",
      "<E T>5",
      "<EST5",
    } do
      assert.is_nil(zone_data.parse_rule(text), text)
      assert.is_nil((time.zone(text, { "/nonexistent" })), text)
    end
  end)
end)

describe("time.parse", function()
  local zone = time.zone "America/New_York"
  local now = utc "2026-11-22 03:40:26"

  it("reads every form it names", function()
    local cases = {
      { 1795387226, "2026-11-22T22:40:26Z" },
      { 0, "1970-01-01T00:00:00Z" },
      { 1.9, "1970-01-01T00:00:01Z" },
      { "1795387226", "2026-11-22T22:40:26Z" },
      { "now", "2026-11-22T03:40:26Z" },
      -- In New York it is still the 21st.
      { "today", "2026-11-21T05:00:00Z" },
      { "yesterday", "2026-11-20T05:00:00Z" },
      { "-24h", "2026-11-21T03:40:26Z" },
      { "-7d", "2026-11-15T03:40:26Z" },
      { "-30m", "2026-11-22T03:10:26Z" },
      { "-90s", "2026-11-22T03:38:56Z" },
      { "-2w", "2026-11-08T03:40:26Z" },
      { "2026-11-22", "2026-11-22T05:00:00Z" },
      { " 2026-11-22 ", "2026-11-22T05:00:00Z" },
      { "2026-07-01 10:00", "2026-07-01T14:00:00Z" },
      { "2026-07-01 10:00:30", "2026-07-01T14:00:30Z" },
      { "2026-07-01T10:00", "2026-07-01T14:00:00Z" },
      { "2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z" },
      { "2026-07-01T10:00:00.123456Z", "2026-07-01T10:00:00Z" },
      { "2026-07-01T10:00Z", "2026-07-01T10:00:00Z" },
      { "2026-07-01T10:00:00+02:00", "2026-07-01T08:00:00Z" },
      { "2026-07-01T10:00:00-0330", "2026-07-01T13:30:00Z" },
    }
    for _, case in ipairs(cases) do
      local value = assert(time.parse(case[1], zone, now))
      assert.are.equal(case[2], time.iso(value))
    end
  end)

  it("marks ambiguous and skipped times", function()
    assert.are.same(
      { utc "2026-11-01 05:30:00", true, false },
      { time.parse("2026-11-01 01:30", zone) }
    )
    assert.are.same(
      { utc "2026-03-08 07:30:00", false, true },
      { time.parse("2026-03-08 02:30", zone) }
    )
  end)

  it("takes the default zone and the clock when none are given", function()
    assert.are.equal(utc "2026-11-22 05:00:00", (time.parse "2026-11-22"))
    local before = os.time()
    local value = time.parse "now"
    assert.is_true(value >= before and value <= os.time())
    assert.is_true(time.now() >= before)
  end)

  it("refuses anything else and names what is accepted", function()
    for _, value in ipairs {
      "",
      "soon",
      "24h",
      "-h",
      "-1y",
      "20261122",
      "2026-11",
      "2026-13-01",
      "2026-02-30",
      "2026-11-22 24:00",
      "2026-11-22 10",
      "2026-11-22 10:00 Z",
      "2026-11-22T10:00:00X",
      "2026-11-22T10:00:00+25:00",
      "2026-11-22Z",
      "1795387226000",
      "-99999999999999999999d",
      1795387226000,
      0 / 0,
      math.huge,
    } do
      local result, message, err = time.parse(value, zone, now)
      assert.is_nil(result, tostring(value))
      assert.are.equal("argument", err.kind)
      assert.are.equal("bad_time", err.code)
      assert.is_truthy(message:find('"2026-11-22 10:00"', 1, true))
      assert.is_truthy(message:find('"-24h"', 1, true))
    end
    local _, message = time.parse("2026-13-01", zone, now)
    assert.is_truthy(message:find("month 13 is not 1 to 12", 1, true))
    _, message = time.parse(1795387226000, zone, now)
    assert.is_truthy(message:find("milliseconds", 1, true))
    _, message = time.parse("\27[2J", zone, now)
    assert.is_nil(message:find "%c")
  end)

  it("raises for what is neither text nor number", function()
    assert.has_error(
      function()
        time.parse {}
      end,
      "time.parse: 'value' must be a string or number, not a table: time.parse(value, zone?, now?)"
    )
  end)
end)
