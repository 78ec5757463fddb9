-- Which companies an expression means.
local errors = require "lastpass.error"
local expression = require "lastpass.tenants.expression"
local fuzz = require "spec.support.fuzz"

local function world(names)
  local made = { companies = {}, by_name = {} }
  for number, name in ipairs(names) do
    local company = { name = name, cid = 100 + number }
    made.companies[number], made.by_name[name] = company, company
  end
  made.group = function(name)
    if name ~= "eu" then
      return errors.fail("argument", "unknown_group", "there is no group '" .. name .. "'")
    end
    return { [made.companies[1]] = true, [made.companies[2]] = true }
  end
  return made
end

local NAMES = { "acme", "acme-test", "Big Corp", "test1", "zeta" }

local function chosen(text)
  local made = world(NAMES)
  local node, message, err = expression.read(text)
  if not node then
    return nil, message, err
  end
  local set
  set, message, err = expression.evaluate(node, made)
  if not set then
    return nil, message, err
  end
  local list = {}
  for _, company in ipairs(made.companies) do
    list[#list + 1] = set[company] and company.name or nil
  end
  return table.concat(list, " ")
end

describe("expressions of companies", function()
  it("choose by name, pattern, account number and group", function()
    assert.equal("acme acme-test Big Corp test1 zeta", chosen "all")
    assert.equal("acme", chosen "acme")
    assert.equal("Big Corp", chosen '"Big Corp"')
    assert.equal("acme acme-test", chosen "name:acme*")
    assert.equal("acme-test test1", chosen "name:*test*")
    assert.equal("test1", chosen "name:*test?")
    assert.equal("Big Corp", chosen 'name:"Big*"')
    assert.equal("test1", chosen "cid:104")
    assert.equal("acme acme-test", chosen "group:eu")
  end)

  it("are read down to the depth that is allowed, and refused below it", function()
    for _, pair in ipairs { { "(", ")" }, { "not ", "" }, { "acme or all and (", ")" } } do
      local function nested(depth)
        return pair[1]:rep(depth) .. "all" .. pair[2]:rep(depth)
      end
      assert(expression.read(nested(expression.MOST_DEPTH)))
      local node, message = expression.read(nested(expression.MOST_DEPTH + 1))
      assert.is_nil(node)
      assert.truthy(message:find("more than", 1, true), message)
    end
  end)

  it("join with and, or, not, commas and brackets; and binds closer than or", function()
    assert.equal("acme", chosen "group:eu and not name:*test*")
    assert.equal("acme zeta", chosen "acme, zeta")
    assert.equal("acme zeta", chosen "zeta or group:eu and acme")
    assert.equal("acme", chosen "(zeta or group:eu) and acme")
    assert.equal("Big Corp test1 zeta", chosen "not group:eu")
    assert.equal("acme", chosen "not not acme")
    assert.equal("acme", chosen "  ( acme )\n")
  end)

  it("say where a mistake is", function()
    local _, message, err = chosen "acme and"
    assert.equal("bad_expression", err.code)
    assert.matches("at character 9: expected a company after 'and'", message)
    assert.matches("expected '%)'", select(2, chosen "(acme"))
    assert.matches("expected 'and', 'or', a comma or the end", select(2, chosen "acme zeta"))
    assert.matches("expected an account number", select(2, chosen "cid:x"))
    assert.matches("closing quote", select(2, chosen '"acme'))
    assert.matches("expected a company", select(2, chosen ""))
    assert.matches("more than 40", select(2, chosen(("("):rep(60) .. "acme" .. (")"):rep(60))))
    assert.matches("more than 40", select(2, chosen(("not "):rep(60) .. "acme")))
    assert.matches("longer than", select(2, chosen(("a,"):rep(40000) .. "a")))
  end)

  it("name the nearest company", function()
    local _, message, err = chosen "acmee"
    assert.equal("unknown_company", err.code)
    assert.equal("there is no company 'acmee' (did you mean 'acme'?)", message)
    assert.equal("unknown_group", select(3, chosen "group:us").code)
    assert.equal("unknown_company", select(3, chosen "cid:9").code)
    assert.equal("", chosen "name:nobody*") -- as a part it may match nobody
  end)

  it("match patterns in linear time", function()
    assert.is_true(expression.matches("*", ""))
    assert.is_true(expression.matches("a*b*c", "aXXbYYc"))
    assert.is_false(expression.matches("a*b*c", "aXXbYY"))
    assert.is_true(expression.matches("a.%c", "a.%c"))
    assert.is_false(expression.matches(("a*"):rep(200) .. "b", ("a"):rep(2000)))
  end)

  it("come to an end whatever they are", function()
    local random = fuzz.random(17)
    local valid = { "all and not (name:a*, group:eu) or cid:101", 'group:"eu" or ("Big Corp")' }
    for round = 1, fuzz.rounds(2000) do
      local text = fuzz.damaged(random, valid[round % 2 + 1], round % 7)
      local node, message, err = expression.read(text)
      assert.is_true(node ~= nil or err.code == "bad_expression" and #message > 0, text)
    end
  end)
end)
