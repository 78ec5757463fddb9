-- What status words mean, and what they may not be.
local check = require "spec.support.check"
local source = require "lastpass.source"
local status = require "lastpass.source.status"

local WORDS = { active = { "active", "On Leave" }, inactive = { "terminated", "\195\156bergang" } }

describe("lastpass.source.status", function()
  it("is true or false for a word of a list, in any spelling", function()
    for _, word in ipairs {
      "active",
      "ACTIVE",
      " Active\t",
      "\194\160active\226\128\175",
      "\239\187\191Active",
      "on  leave",
      "ON\194\160LEAVE",
    } do
      assert.is_true(source.status(word, WORDS), word)
    end
    for _, word in ipairs {
      "Terminated",
      "TERMINATED ",
      "terminated\194\160",
      "\227\128\128Terminated",
      "\195\188BERGANG",
      "U\204\136bergang", -- the same letter as two characters
    } do
      assert.is_false(source.status(word, WORDS), word)
    end
  end)

  it("is nothing for any other word, and says why", function()
    for word, reason in pairs {
      [""] = "the status is empty, which is on neither list",
      ["\194\160 "] = "the status is empty, which is on neither list",
      ["gone"] = "the status 'gone' is on neither list",
      ["terminate"] = "the status 'terminate' is on neither list (did you mean 'terminated'?)",
      ["act\226\128\139ive"] = "on neither list", -- a zero width space
      ["\255"] = "on neither list",
      ["inactive"] = "on neither list",
    } do
      local meaning, why = source.status(word, WORDS)
      assert.is_nil(meaning)
      assert.truthy(why:find(reason, 1, true), why)
    end
    local meaning, why = source.status(nil, WORDS)
    assert.is_nil(meaning)
    assert.equal("the status is empty, which is on neither list", why)
  end)

  it("takes numbers and booleans as they are written, and lists that agree", function()
    local words = { active = { "true", "1" }, inactive = { "false", "0" } }
    assert.is_true(source.status(true, words))
    assert.is_false(source.status(false, words))
    assert.is_true(source.status(1, words))
    assert.is_true(source.status(1.0, words))
    assert.is_false(source.status(0, words))
    assert.is_nil((source.status(2, words)))
    assert.is_true(source.status({ "1", "TRUE" }, words))
    assert.is_nil((source.status({ "1", "0" }, words)))
    assert.is_nil((source.status({ "1", "x" }, words)))
    assert.is_nil((source.status({}, words)))
    local _, why = source.status({ "1", "0" }, words)
    assert.equal("the status '1, 0' is on neither list", why)
  end)

  it(
    "looks at words anew when they have changed, though the call before had nearly the same",
    function()
      local words = { active = { "a" }, inactive = { "b" } }
      assert.is_true(source.status("a", words))
      words.active[2], words.inactive[1] = "b", "c"
      assert.is_true(source.status("b", words))
      words.active[2] = nil
      assert.is_nil((source.status("b", words)))
      words.other = { "x" }
      assert.has_error(function()
        source.status("a", words)
      end)
    end
  )

  it("raises for words that make no sense", function()
    local function raised(words)
      return check.blamed(function()
        source.status("active", words)
      end)
    end
    for message, words in pairs {
      ["source.status: needs the words, as in { active = "] = "active",
      ["needs the list 'inactive' as well"] = { active = { "active" } },
      ["needs the list 'active' as well"] = { inactive = { "left" } },
      ["the list 'active' is empty"] = { active = {}, inactive = { "left" } },
      ["unknown option 'inactve' (did you mean 'inactive'?)"] = {
        active = { "a" },
        inactve = { "b" },
      },
      ["'active' must be table, not string"] = { active = "a", inactive = { "b" } },
      ["must be a list of words, and has a number among them"] = {
        active = { "a", 1 },
        inactive = { "b" },
      },
      ["must be a list of words, and has an empty one among them"] = {
        active = { "a" },
        inactive = { "b", " \194\160" },
      },
      ["'A ' is on both lists"] = { active = { "A " }, inactive = { "b", "A " } },
      ["'inactive' must be a list"] = { active = { "a" }, inactive = { b = "b" } },
    } do
      assert.truthy(raised(words):find(message, 1, true), message .. ": " .. raised(words))
    end
    assert.truthy(raised(nil):find("needs the words", 1, true))
    assert.matches(
      "a word must be a string, not a function",
      check.blamed(function()
        source.status(print, WORDS)
      end)
    )
    assert.matches(
      "and more were given",
      check.blamed(function()
        source.status("a", WORDS, true)
      end)
    )
  end)

  it("folds what is not UTF-8 as far as it goes", function()
    assert.equal("a\255b c", status.fold " A\255B\194\160 C ")
  end)
end)
