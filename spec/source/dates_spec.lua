-- Dates as sources write them. What can be read in two ways is refused.
local dates = require "lastpass.source.dates"
local time = require "lastpass.time"

local new_york = assert(time.zone "America/New_York")

local function read(format, text, zone)
  local date, reason = assert(dates.reader(format), format)(text, zone)
  return date or reason
end

describe("lastpass.source.dates", function()
  it("reads by default what can be read in one way only", function()
    for text, expected in pairs {
      ["2026-12-31"] = "2026-12-31",
      ["2026/2/3"] = "2026-02-03",
      ["20261231"] = "2026-12-31",
      ["2026-12-31 00:00:00"] = "2026-12-31",
      ["2026-12-31T08:00"] = "2026-12-31",
      ["2026-12-31-08:00"] = "2026-12-31", -- xsd:date
      ["2026-12-31Z"] = "2026-12-31",
      ["31 Dec 2026"] = "2026-12-31",
      ["31-December-2026"] = "2026-12-31",
      ["Sept. 1, 2026"] = "2026-09-01",
      ["31/12/2026"] = "2026-12-31",
      ["12/31/2026"] = "2026-12-31",
      ["31.12.2026"] = "2026-12-31",
      ["5-5-2026"] = "2026-05-05",
      ["46387"] = "2026-12-31", -- a serial number of Excel
      ["46387.75"] = "2026-12-31",
      ["29 Feb 2028"] = "2028-02-29",
      ["9999-12-31"] = "9999-12-31",
    } do
      assert.equal(expected, read("auto", text), text)
    end
  end)

  it("refuses what can be read in two ways, and what is no day", function()
    for text, expected in pairs {
      ["03/04/2026"] = '3 April and 4 March are possible: say which, as in "MM/DD/YYYY"',
      ["12.11.2026"] = '12 November and 11 December are possible: say which, as in "MM/DD/YYYY"',
      ["31/12/26"] = "it is not written as 'auto'",
      ["31-Dec-26"] = "it is not written as 'auto'",
      ["29 Feb 2026"] = "day 29 is not 1 to 28",
      ["2026-02-31"] = "day 31 is not 1 to 28",
      ["2026-13-01"] = "month 13 is not 1 to 12",
      ["2026-00-00"] = "month 0 is not 1 to 12",
      ["31122026"] = "month 20 is not 1 to 12",
      ["0001-01-01"] = "the year 1 is before 1900",
      ["31 Dez 2026"] = "'Dez' is not the English name of a month",
      ["2026-12-31 late"] = "what follows the day is not a time",
      ["2026-12-31T25:00"] = "what follows the day is not a time",
      ["20261331000000Z"] = "no calendar has that day",
      tomorrow = "it is not written as 'auto'",
      ["123456"] = "it is not written as 'auto'",
    } do
      assert.equal(expected, read("auto", text), text)
    end
  end)

  it("reads a form that is named, and beside it what is certain", function()
    for _, case in ipairs {
      { "MM/DD/YYYY", "03/04/2026", "2026-03-04" },
      { "mm/dd/yyyy", "3/4/2026 12:00:00 AM", "2026-03-04" },
      { "DD/MM/YYYY", "03/04/2026", "2026-04-03" },
      { "DD.MM.YY", "3.4.26", "2026-04-03" },
      { "DD.MM.YY", "3.4.70", "1970-04-03" },
      { "DD-MMM-YY", "31-Dec-26", "2026-12-31" },
      { "D MMMM YYYY", "1 September 2026", "2026-09-01" },
      { "DDMMYYYY", "31122026", "2026-12-31" },
      { "YYYYMMDD", "20261231", "2026-12-31" },
      { "MM/DD/YYYY", "2026-03-04", "2026-03-04" },
      { "MM/DD/YYYY", "46387", "2026-12-31" },
      { "excel", "46387", "2026-12-31" },
      { "excel", "61", "1900-03-01" },
      { "excel-1904", "44925", "2026-12-31" },
      -- and what is not so is refused
      { "MM/DD/YYYY", "31/12/2026", "month 31 is not 1 to 12" },
      {
        "DD/MM/YYYY",
        "03-04-2026",
        '3 April and 4 March are possible: say which, as in "MM/DD/YYYY"',
      },
      { "DDMMYYYY", "3112026", "it is not written as 'DDMMYYYY'" },
      { "DD-MMM-YY", "31-Dez-26", "'Dez' is not the English name of a month" },
      { "excel", "0", "no serial number of Excel's" },
      { "excel", "99999999", "no serial number of Excel's" },
      { "iso", "x", "it is not written as 'iso'" },
    } do
      assert.equal(case[3], read(case[1], case[2]), case[1] .. ": " .. case[2])
    end
  end)

  it("reads moments as the day that they are in the zone", function()
    for _, case in ipairs {
      { "auto", "2026-12-31T04:30:00Z", "2026-12-30", "2026-12-31" },
      { "iso", "2027-01-01T01:00:00+02:00", "2026-12-31", "2026-12-31" },
      { "auto", "20270101043000Z", "2026-12-31", "2027-01-01" },
      { "auto", "20270101043000.0Z", "2026-12-31", "2027-01-01" },
      { "auto", "202701010430-0100", "2027-01-01", "2027-01-01" },
      -- midnight in New York at the end of 2026, and a second before
      { "filetime", "134432532000000000", "2027-01-01", "2027-01-01" },
      { "filetime", "134432531990000000", "2026-12-31", "2027-01-01" },
    } do
      assert.equal(case[3], read(case[1], case[2], new_york), case[2])
      assert.equal(case[4], read(case[1], case[2]), case[2])
    end
  end)

  it("knows both of Active Directory's values for never", function()
    assert.equal("", read("filetime", "0"))
    assert.equal("", read("filetime", "9223372036854775807"))
    assert.equal("the year 1601 is before 1900", read("filetime", "1"))
    assert.equal("it is not written as 'filetime'", read("filetime", "-1"))
    assert.equal("no calendar has that day", read("filetime", "9223372036854775806"))
  end)

  it("knows no other forms", function()
    local others = { "", "MM/DD", "DD/MM/YYYY/YYYY", "YYY-MM-DD", "Q", "YYYY-MM-DDD", "%Y" }
    for _, format in ipairs(others) do
      assert.is_nil(dates.reader(format), format)
    end
    assert.same({ "auto", "excel", "excel-1904", "filetime", "iso" }, dates.names())
  end)
end)
