-- Filters beside scim2-parse-filter and scim-query-filter-parser (npm) on random users. Each comparison of a filter is
-- asked for by itself as well: where a peer differs there, the difference must be one that is named below, and the RFC
-- is on our side; the whole filter must then be what logic makes of the peer's own comparisons.
local extent = require "spec.support.extent"
local filter = require "lastpass.scim.filter"
local fuzz = require "spec.support.fuzz"
local json = require "lastpass.json"
local node = require "spec.peers.scim_node"
local schema = require "lastpass.scim.schema"
local values = require "lastpass.scim.values"

local ENTERPRISE = schema.URN.enterprise
local FILTERS = extent(400, 1500, 10000)

local random = fuzz.random(20261130)

local words =
  { "ann", "Ann", "an", "N", "bob", "", "x y", 'q"q', "back\\s", "l\195\169e", "LEE", "(a) or b" }

local function optional(value)
  return not random:once_in(3) and value or nil
end

local function email()
  return {
    value = random:of { "ann@acme.example", "bob@home.example", "x@acme.example" },
    type = random:of { "work", "home" },
    primary = false,
  }
end

local function user()
  return (
    assert(schema.normalize(schema.types.User, {
      id = random:of { "ab", "AB", "7" },
      userName = "u" .. random:of(words),
      active = random:of { true, false },
      title = optional(random:of { "back\\s", random:of(words) }),
      name = optional { familyName = random:of(words) },
      emails = optional { email(), email() },
      meta = {
        created = random:of {
          "2026-11-30T09:00:00Z",
          "2026-11-30T10:00:00+01:00",
          "2026-11-29T00:00:00Z",
        },
      },
      [ENTERPRISE] = optional { department = random:of(words) },
    }))
  )
end

-- ---- filters ----

local function inside()
  local any = {
    filter.eq("type", random:of { "work", "home" }),
    filter.compare(
      "value",
      random:of { "co", "sw", "ew", "eq", "gt" },
      random:of { "ann", "acme", "x" }
    ),
    filter.eq("primary", random:of { true, false }),
  }
  local kind = random:upto(6)
  return any[kind] or filter.all { any[1], any[random:of { 2, 3 }] }
end

local comparisons = { "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le" }
local texts = {
  "userName",
  "title",
  "name.familyName",
  "nickName",
  "id",
  ENTERPRISE .. ":department",
  "emails.value",
}
local times = { "2026-11-30T09:00:00Z", "2026-11-30T08:00:00-01:00", "2026-11-29T12:00:00Z" }

local kinds = {
  function()
    return filter.compare(random:of(texts), random:of(comparisons), random:of(words))
  end,
  function()
    return filter.compare("userName", random:of(comparisons), "u" .. random:of(words))
  end,
  function()
    return filter.compare("id", random:of { "eq", "ne" }, random:of { "ab", "AB" })
  end,
  function()
    return filter.compare("title", random:of(comparisons), random:of { "back\\s", "\\" })
  end,
  function()
    return filter.compare("active", random:of { "eq", "ne" }, random:of { true, false })
  end,
  function()
    return filter.present(
      random:of { "title", "emails", "name", "nickName", "active", ENTERPRISE .. ":department" }
    )
  end,
  function()
    return filter.compare(
      "emails",
      random:of { "eq", "co", "sw" },
      random:of { "ann@acme.example", "x" }
    )
  end,
  function()
    return { op = "where", path = { name = "emails", filter = inside() } }
  end,
  function()
    local path = { name = "emails", filter = inside(), sub = "value" }
    return filter.compare(path, random:of { "co", "eq" }, random:of { "acme", "ann@acme.example" })
  end,
  function()
    return filter.compare("meta.created", random:of { "eq", "gt", "le" }, random:of(times))
  end,
  function()
    return filter.compare(random:of { "title", "nickName" }, random:of { "eq", "ne" }, json.null)
  end,
}

local function tree(depth)
  local kind = depth > 0 and random:upto(6) or 6
  if kind <= 3 then
    local parts = {}
    for index = 1, 1 + random:upto(2) do
      parts[index] = tree(depth - 1)
    end
    return kind == 1 and filter.any(parts) or filter.all(parts)
  elseif kind == 4 then
    return filter.negate(tree(depth - 1))
  end
  return random:of(kinds)()
end

local function leaves_of(root, list)
  if root.op == "and" or root.op == "or" or root.op == "not" then
    for _, part in ipairs(root) do
      leaves_of(part, list)
    end
  else
    list[#list + 1] = root
  end
  return list
end

-- The filter, its comparisons having results; nil when one is an error. scim-query-filter-parser ends with an error
-- of its own at every "not".
local function logic(root, results, peer)
  if root.op == "not" then
    local part = logic(root[1], results, peer)
    if part == nil or peer == "query" then
      return nil
    end
    return not part
  elseif root.op ~= "and" and root.op ~= "or" then
    return results[root]
  end
  local result, has_error = root.op == "and", false
  for _, part in ipairs(root) do
    local one = logic(part, results, peer)
    has_error = has_error or one == nil
    if one == (root.op == "or") then
      result = one
    end
  end
  if has_error then
    return nil
  end
  return result
end

-- ---- what peers are known to do ----

local function values_at(leaf, resource)
  local found = assert(schema.find(schema.types.User, leaf.path))
  local container = resource
  if found.extension then
    container = resource[found.urn] or {}
  end
  local value = container[found.name]
  local list, all = found.attribute.multi and value or { value }, {}
  for _, one in ipairs(list or {}) do
    local part = one
    if found.sub and type(one) == "table" then
      part = one[found.sub]
    end
    all[#all + 1] = part
  end
  return all, found
end

local function is_folding(leaf, resource)
  local all, found = values_at(leaf, resource)
  all[#all + 1] = type(leaf.value) == "string" and leaf.value or nil
  for _, one in ipairs(all) do
    if type(one) == "string" and not found.definition.case_exact and values.fold(one) ~= one then
      return true
    end
  end
  return false
end

local function is_exact(leaf, resource)
  return select(2, values_at(leaf, resource)).definition.case_exact
end

local function has_accent(leaf, resource)
  local all = values_at(leaf, resource)
  all[#all + 1] = leaf.value
  for _, one in ipairs(all) do
    if type(one) == "string" and one:find "[\128-\255]" then
      return true
    end
  end
  return false
end

local function is_absent(leaf, resource)
  return values_at(leaf, resource)[1] == nil
end

-- By peer: name of a deviation, and whether it is the reason for a difference of a comparison.
local deviations = {
  parse = {
    {
      "brackets [ ] do not bind one value",
      function(leaf, resource)
        return leaf.path.filter and resource.emails and resource.emails[2]
      end,
    },
    {
      "times of two zones are strings",
      function(leaf)
        return leaf.path.name == "meta"
      end,
    },
    {
      "null is never an absent attribute",
      function(leaf)
        return leaf.value == json.null
      end,
    },
    {
      "an empty string is present",
      function(leaf)
        return leaf.op == "pr"
      end,
    },
    {
      "emails are not their values",
      function(leaf)
        return leaf.path.name == "emails" and not leaf.path.sub and leaf.op ~= "where"
      end,
    },
    {
      "ne needs the attribute",
      function(leaf, resource)
        return leaf.op == "ne" and is_absent(leaf, resource)
      end,
    },
    {
      'escapes other than \\" are not read',
      function(leaf)
        return type(leaf.value) == "string" and leaf.value:find("\\", 1, true)
      end,
    },
    { "case always counts", is_folding },
  },
  query = {
    {
      "no filter before .sub",
      function(leaf, _, theirs)
        return leaf.path.filter and leaf.path.sub and theirs == nil
      end,
    },
    {
      "no URN",
      function(leaf, _, theirs)
        return leaf.path.urn and theirs == nil
      end,
    },
    {
      "times of two zones are strings",
      function(leaf)
        return leaf.path.name == "meta"
      end,
    },
    {
      "null is never an absent attribute",
      function(leaf)
        return leaf.value == json.null
      end,
    },
    {
      "an empty string is present",
      function(leaf)
        return leaf.op == "pr"
      end,
    },
    {
      "ne needs the attribute",
      function(leaf, resource)
        return leaf.op == "ne" and is_absent(leaf, resource)
      end,
    },
    { "letters with accents are those without", has_accent },
    { "order and parts of strings always go by case", is_folding },
    { "equality never goes by case", is_exact },
  },
}

local function deviation_of(peer, leaf, resource, theirs)
  for _, one in ipairs(deviations[peer]) do
    if one[2](leaf, resource, theirs) then
      return one[1]
    end
  end
  return nil
end

-- scim-query-filter-parser makes (a and b) or (b and c) of a and b and c.
local function has_chain(root)
  if root.op == "and" and #root > 2 then
    return true
  end
  for _, part in ipairs(root) do
    if has_chain(part) then
      return true
    end
  end
  return false
end

-- As scim-query-filter-parser reads it: not( without a space.
local function printed(root)
  return (filter.print(root):gsub("not %(", "not("))
end

describe("filters beside packages of npm", function()
  local cases, replies, counts = {}, nil, { parse = {}, query = {}, chains = 0, wholes = 0 }

  setup(function()
    if node.missing() then
      return
    end
    local requests = {}
    local function ask(root, resource)
      requests[#requests + 1] = { filter = printed(root), resource = resource }
      return #requests
    end
    for index = 1, FILTERS do
      local root, resource = tree(3), user()
      local case = { root = root, resource = resource, whole = ask(root, resource), leaves = {} }
      for _, leaf in ipairs(leaves_of(root, {})) do
        case.leaves[#case.leaves + 1] = { leaf = leaf, reply = ask(leaf, resource) }
      end
      cases[index] = case
    end
    replies = node.ask(requests)
  end)

  -- True, false, or nil for an error.
  local function result_of(peer, reply)
    local result = replies[reply][peer]
    return result.value
  end

  local function ours(root, resource)
    return assert(filter.compile(root, schema.types.User))(resource)
  end

  local function check_leaf(peer, case, one)
    local theirs, expected = result_of(peer, one.reply), ours(one.leaf, case.resource)
    if theirs ~= expected then
      local text = filter.print(one.leaf)
      local name = deviation_of(peer, one.leaf, case.resource, theirs)
      local about = ("%s, %s: %s on %s"):format(
        peer,
        tostring(theirs),
        text,
        json.encode(case.resource)
      )
      assert.truthy(name, about)
      counts[peer][name] = (counts[peer][name] or 0) + 1
    end
    return theirs
  end

  local function check_whole(peer, case, results)
    local expected, theirs = logic(case.root, results, peer), result_of(peer, case.whole)
    if peer == "query" and expected ~= theirs and has_chain(case.root) then
      counts.chains = counts.chains + 1
      return
    end
    assert.equal(expected, theirs, peer .. ": " .. filter.print(case.root))
    counts.wholes = counts.wholes + 1
  end

  it("are ours but for the differences named", function()
    local reason = node.missing()
    if reason then
      pending(reason)
      return
    end
    for _, case in ipairs(cases) do
      local own = {}
      for _, one in ipairs(case.leaves) do
        own[one.leaf] = ours(one.leaf, case.resource)
      end
      assert.equal(logic(case.root, own), ours(case.root, case.resource))
      for _, peer in ipairs { "parse", "query" } do
        local results = {}
        for _, one in ipairs(case.leaves) do
          results[one.leaf] = check_leaf(peer, case, one)
        end
        check_whole(peer, case, results)
      end
    end
    -- A difference that no longer occurs is not to be named.
    for _, peer in ipairs { "parse", "query" } do
      for _, one in ipairs(deviations[peer]) do
        assert.truthy(counts[peer][one[1]], peer .. ": " .. one[1])
      end
    end
    assert.is_true(counts.chains > 0)
    assert.is_true(counts.wholes > FILTERS)
    if os.getenv "SCIM_PEERS_SHOW" then
      print(json.encode(counts))
    end
  end)
end)
