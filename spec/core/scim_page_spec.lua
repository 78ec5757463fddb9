-- Pages of SCIM users: what is read at once is what the general way reads, or it is left to that.
local core = require "lastpass.core"
local json = require "lastpass.json"
local resource = require "lastpass.scim.resource"
local scim_rows = require "lastpass.directory.scim_rows"

local GROUPS = {
  { id = "1", displayName = "All Staff" },
  { id = "7", displayName = "IT", members = { { value = "2" }, { value = "a-5" } } },
}

-- The user of each row, as what is compared.
local function users_of(rows)
  local list = {}
  for row = 1, #rows do
    local user = {}
    for name, field in pairs(core.user_fields) do
      user[name] = core.user_value(rows, row, field)
    end
    user.attributes = json.decode(user.attributes)
    list[row] = user
  end
  return { users = list, groups = rows:group_names() }
end

-- The rows of a page as the general way reads it; nil when it refuses it.
local function read_slowly(text, groups)
  local body = json.decode(text)
  local found = type(body) == "table" and body.Resources
  if type(found) ~= "table" then
    return nil
  end
  local users = {}
  for index, one in ipairs(found) do
    users[index] = resource.read("User", one)
    if not users[index] then
      return nil
    end
  end
  local rows = assert(scim_rows.new(groups or GROUPS))
  local ok = pcall(function()
    assert(rows:add(users))
  end)
  if not ok then
    return nil
  end
  local ids = {}
  for index, user in ipairs(users) do
    ids[index] = user.id
  end
  return rows:finish(), ids, body
end

-- The same at once; nil when it is left to the general way.
local function read_at_once(text, groups)
  local rows = assert(scim_rows.new(groups or GROUPS))
  local page = rows:decode(text)
  if type(page) ~= "table" or not page.rows then
    return nil
  end
  rows:add_rows(page.rows)
  return rows:finish(), page.ids, page
end

local function compare(text, groups)
  local quick, ids, page = read_at_once(text, groups)
  if not quick then
    return false
  end
  local slow, slow_ids, body = read_slowly(text, groups)
  assert(slow, "taken at once, and refused by the general way: " .. text)
  local one, other = users_of(quick), users_of(slow)
  table.sort(one.groups)
  table.sort(other.groups)
  assert.same(other, one, text)
  assert.same(slow_ids, ids)
  assert.equal(body.totalResults, page.totalResults)
  assert.equal(body.nextCursor ~= json.null and body.nextCursor or nil, page.nextCursor)
  return true
end

local ENTERPRISE = '"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"'

local ANN = {
  '"id":"2"',
  '"userName":"Ann.Lee@x.example"',
  '"active":false',
  '"externalId":"hr-2"',
  '"name":{"givenName":"Ann","familyName":"Lee"}',
  '"meta":{"created":"2026-02-17T17:23:45.123Z","version":"W/\\"1\\""}',
  '"groups":[{"value":"1","display":"All Staff"},{"value":"7","display":"IT"}]',
  '"emails":[{"value":"ann.lee@x.example","primary":true}]',
  ENTERPRISE .. ':{"department":"IT","manager":{"value":"1"}}',
}

local BYTES = '"\\{}[],:0a \n\255' -- what makes JSON other JSON, or none

local function page_of(...)
  local users = {}
  for index, user in ipairs { ... } do
    users[index] = "{" .. table.concat(user, ",") .. "}"
  end
  local head = '{"schemas":["urn:x:ListResponse"],"totalResults":7,"Resources":['
  return head .. table.concat(users, ",") .. '],"nextCursor":null}'
end

-- Ann with other attributes: those of the same name are replaced, what has no name is left out.
local function ann(...)
  local user = {}
  for index, attribute in ipairs(ANN) do
    user[index] = attribute
  end
  for _, other in ipairs { ... } do
    local name, place = other:match '^"[^"]*"', #user + 1
    for index, attribute in ipairs(user) do
      place = attribute:sub(1, #name) == name and index or place
    end
    user[place] = other
  end
  return user
end

describe("core.scim_users", function()
  it("reads users, and what the page says of itself", function()
    local bob = { '"id":"a-5"', '"userName":"bob@x.example"', '"active":"TRUE"' }
    local rows, ids, page = read_at_once(page_of(ANN, bob))
    assert.same({ "2", "a-5" }, ids)
    assert.equal(7, page.totalResults)
    local users = users_of(rows).users
    assert.same({ 1, 2 }, { users[1].id, users[2].id }) -- one id is no number, so none is
    assert.same({ "Ann Lee", "disabled" }, { users[1].fullname, users[1].status })
    assert.same({ "All Staff", "IT" }, users[1].groups)
    assert.same({ "IT" }, users[2].groups)
    assert.equal(1771349025, users[1].created)
    assert.same({
      id = "2",
      externalId = "hr-2",
      department = "IT",
      manager = { value = "1" },
    }, users[1].attributes)
    assert.is_true(compare(page_of(ANN, bob)))
  end)

  it("takes what servers usually write", function()
    for _, attribute in ipairs {
      '"id":"12345678901234567890"',
      '"id":"007"',
      '"userName":"\\u00e4nn@x.example"',
      '"active":"False"',
      '"active":"tRuE"',
      '"name":null',
      '"name":{"givenName":" \\t","familyName":null}',
      '"name":{"givenName":" Ann\\u0000 ","familyName":""}',
      '"name":{"formatted":"Ann \\"Lee\\"","givenName":"Ann"}',
      '"displayName":"Ann L\\u00e9e"',
      '"meta":null',
      '"meta":{"created":"2026-02-17T17:23:45+01:00"}',
      '"groups":[]',
      '"groups":null',
      '"groups":[{"value":"1","display":"All Staff","$ref":0},{"display":"All Staff","value":"1"}]',
      '"groups":[{"value":"9","display":"\\u00c4rzte","type":"direct"}]',
      '"title":"CEO"',
      '"externalId":null',
      '"Active":true',
      '"x":[[{"y":1.5}],"",{}]',
    } do
      local other = { '"id":"3"', '"userName":"c"', '"active":true' }
      assert.is_true(compare(page_of(ann(attribute), other)), attribute)
    end
    assert.is_true(compare(page_of()))
  end)

  it("leaves to the general way what is unusual, and never takes what that refuses", function()
    for _, attribute in ipairs {
      '"id":2',
      '"id":""',
      '"id":null',
      '"i\\u0064":"3"',
      '"userName":""',
      '"userName":null',
      '"active":null',
      '"active":1',
      '"active":"yes"',
      '"name":"Ann"',
      '"name":{"formatted":""}',
      '"name":{"formatted":7}',
      '"displayName":""',
      '"groups":{"value":"1"}',
      '"groups":[{"value":"1","display":"Other"}]', -- the group has another name
      '"groups":[{"value":"1"}]',
      '"groups":["1"]',
      '"groups":[null]',
      '"meta":{"created":"2026-02-31T17:23:45Z"}',
      '"title":["a"]',
      ENTERPRISE .. ':{"id":"3"}',
      ENTERPRISE .. ':{"a":1}',
      ENTERPRISE .. ':{"a":{"b":null}}',
      '"x":{"a":1,"a":2}',
      '"x":"\\ud800"',
      '"x":9007199254740993',
      '"x":1e400',
    } do
      assert.is_nil(read_at_once(page_of(ann(attribute))), attribute)
    end
    for _, text in ipairs {
      "",
      "[]",
      "{}",
      '{"Resources":null}',
      '{"Resources":{}}',
      '{"Resources":[],"Resources":[]}',
      '{"Resources":[],"totalResults":"7"}',
      '{"Resources":[],"totalResults":1.5}',
      '{"Resources":[],"nextCursor":"\\u0041"}',
      '{"Resources":[1]}',
      page_of(ANN) .. "x",
      page_of { '"id":"2"', '"userName":"a"', '"active":true', '"userName":"b"' },
    } do
      assert.is_nil(read_at_once(text), text)
    end
  end)

  it("takes no page that is cut", function()
    local text = page_of(ANN)
    for length = 0, #text - 1 do
      assert.is_nil(read_at_once(text:sub(1, length)))
    end
  end)

  it("reads random pages as the general way does, or not at all", function()
    local values = {
      '"a"',
      '"A B"',
      '""',
      '"\\u00e9"',
      '"True"',
      '"false"',
      "true",
      "false",
      "null",
      "0",
      "-1",
      "1.5",
      "12e3",
      "[]",
      "{}",
      '[{"value":"1","display":"All Staff"}]',
      '[{"value":"8","display":"x"},{"value":"8","display":"x"}]',
      '{"value":"1"}',
      '{"formatted":"F"}',
      '{"givenName":" G","familyName":"H "}',
      '{"created":"2024-03-04T08:09:10Z"}',
      '{"a":"b","c":{"d":"e"}}',
      '{"a":1}',
      '"2024-03-04T08:09:10Z"',
      '"123"',
      '"99999999999999999"',
      '"\\ud83d\\ude00"',
    }
    local names = {
      "id",
      "userName",
      "displayName",
      "name",
      "active",
      "groups",
      "meta",
      "title",
      "externalId",
      "x",
    }
    names[#names + 1] = ENTERPRISE:sub(2, -2)
    math.randomseed(20261130)
    local taken = 0
    for round = 1, 3000 do
      local user = ann(('"id":"9%d"'):format(round))
      for _ = 1, math.random(0, 3) do
        local name, value = names[math.random(#names)], values[math.random(#values)]
        user = ann(user[1], ('"%s":%s'):format(name, value))
      end
      local text = page_of(user, ANN)
      if round % 3 == 0 then -- and one byte of it another
        local at = math.random(#text)
        text = text:sub(1, at - 1) .. BYTES:sub(math.random(#BYTES)):sub(1, 1) .. text:sub(at + 1)
      end
      taken = taken + (compare(text) and 1 or 0)
    end
    assert.is_true(taken > 300 and taken < 2900, tostring(taken))
  end)
end)
