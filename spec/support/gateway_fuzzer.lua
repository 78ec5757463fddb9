--- Requests to the gateway that nobody thought of: by chance, and the same each time.
local F = {}

--- Makes one.
---@param seed integer
function F.new(seed)
  local state = seed
  local function upto(n)
    state = state * 16807 % 2147483647 -- exact in a double
    return math.floor(state / 64) % n + 1
  end
  local function one_of(list)
    return list[upto(#list)]
  end
  local function junk()
    local bytes = {}
    for place = 1, upto(30) do
      bytes[place] = ("%%%02X"):format(upto(256) - 1)
    end
    return table.concat(bytes)
  end
  local last_cursor = "c1.e30.AAAA"
  local resources = {
    "users",
    "groups",
    "roles",
    "me",
    "organizations",
    "workspaces",
    "role_assignments",
    "licenses",
    "activities",
    "users/70000003",
    "users/p2@acme.example",
    "users/1",
    "groups/grp_QWxs",
    "groups/add-user",
    "groups/remove-user",
    "users/inv_000000000000000000000000",
    "billing",
    "",
    "users/planted@globex.example",
    "groups/grp_UGxhbnRlZCBHbG9iZXg",
    "organizations/222",
    "organizations/111",
    "users//",
    "users/../groups",
    "users/%2e%2e",
    "users/%00",
    "users/meta/list",
    "users/lastpass/meta/create",
    "groups/meta/add-user",
    "me/meta/get",
    "users/okta/meta/list",
    "utilization",
  }
  local elsewhere = {
    "/unified/meta/user-directory/lastpass",
    "/unified/meta/user-directory/okta",
    "/integration/lastpass/capabilities",
    "/integrated-account/acme/capabilities",
    "/integrated-account/globex/capabilities",
    "/integrated-account/%2e%2e/capabilities",
    "/batch-request",
    "/batch-request",
    "/batch-request/",
  }
  local commands = {
    "getuserdata",
    "deluser",
    "batchadd",
    "disableuser",
    "enableuser",
    "batchchangegrp",
    "updateemail",
    "updateuser",
    "getsfdata",
    "reporting",
    "expiredmasterpwlist",
    "getdetailedsfdata",
    "nothing",
    "",
    "reinviteuser",
    "pushsitestousers",
    "disablemultifactor",
    "resetpassword",
    "requiremasterpasswordchange",
  }
  local names = {
    "limit",
    "next_cursor",
    "status",
    "created_at[gt]",
    "created_at",
    "sort_by",
    "truto_key_by",
    "truto_exclude_fields[]",
    "truto_response_format",
    "integrated_account_id",
    "remote_query[include]",
    "remote_query[deleteaction]",
    "remote_query[confirm]",
    "remote_query[upsert]",
    "emails[][email]",
    "group_id",
    "id",
    "a[b][c][d][e][f]",
    "a[",
    "a[0]",
    "a[b]",
    "actor[user][id]",
    "name",
    "truto_ignore_limit",
    "workspace_id",
    "format",
    "type",
    "methods",
    "organization_id",
    "role_id",
    "user_type",
    "is_2fa_enabled",
    "truto_ignore_remote_data",
    "",
  }
  local values = {
    "",
    "1",
    "0",
    "-1",
    "500",
    "501",
    "1e9",
    "active",
    "invited",
    "globex",
    "acme",
    "2024-01-01",
    "true",
    "false",
    "name",
    "-name",
    "-created_at",
    "id",
    "raw",
    "debug",
    "normalized",
    "shared_folders",
    "222",
    "111",
    "p2@acme.example",
    "planted@globex.example",
    "admin",
    "%FF%FE",
    "%00",
    "%F0%9F%98%80",
    ("9"):rep(400),
    "*",
    "../..",
    "3",
    "2",
  }
  local fields = {
    '"emails":[{"email":"x@acme.example"}]',
    '"username":"p2@acme.example"',
    '"username":7',
    '"groups":[]',
    '"groups":[{"name":"All"}]',
    '"groups":{"a":1}',
    '"groups":[null]',
    '"status":"inactive"',
    '"status":"active"',
    '"status":[]',
    '"name":"N"',
    '"name":null',
    '"first_name":"\\u0000"',
    '"title":"x"',
    '"is_2fa_enabled":false',
    '"is_2fa_enabled":{}',
    '"group_id":"grp_QWxs"',
    '"group_id":[1]',
    '"user_id":"70000003"',
    '"user_id":"planted@globex.example"',
    '"remote_data":{"attribs":{"a":"b"}}',
    '"remote_data":[1,2]',
    '"password":"p"',
    '"deleteaction":2',
    '"deleteaction":"x"',
    '"pagesize":1',
    '"emails":[[[]]]',
    '"emails":"x"',
    '"from":"2024-01-01 00:00:00"',
    '"add":["All"]',
    '"del":[7]',
    '"oldemail":"p2@acme.example"',
    '"newemail":"q@acme.example"',
    '"\\ud800":1',
    '"id":"70000003"',
    '"roles":[]',
    '"phones":[null]',
    '"a":1e999',
    '"a":00',
    '"username":["p2@acme.example"]',
    '"username":"p2@acme.example\\u0000"',
    '"username":"p2@acme.example "',
    '"add":"All"',
    '"del":{}',
    '"deleteaction":"2"',
    '"deleteaction":1.5',
    '"users":{"a":"p2@acme.example"}',
    '"resources":[{"resource":"user-directory/users","method":"list"}]',
    '"resources":[{"resource":"disableuser","method":"create","body":["p2@acme.example"]}]',
    '"resources":[{"resource":"user-directory/users","method":"update","id":70000003,"body":{}}]',
    '"resources":[{"resource":"user-directory/groups","method":"list","query":{"a":{"b":[1]}}}]',
    '"resources":[null,7]',
    '"resources":{"0":{}}',
    '"integrated_account_id":"globex"',
    '"integrated_account_id":null',
    '"args":{}',
  }
  local function body()
    local kind = upto(12)
    if kind == 1 then
      return (
        junk():gsub("%%(%x%x)", function(digits)
          return string.char(tonumber(digits, 16))
        end)
      )
    elseif kind == 2 then
      return one_of {
        "[]",
        "null",
        "7",
        '"x"',
        "{",
        "[[[[",
        "",
        "true",
        '["p2@acme.example"]',
        ("["):rep(2000),
      }
    end
    local parts = {}
    for place = 1, upto(4) do
      parts[place] = one_of(fields)
    end
    local text = "{" .. table.concat(parts, ",") .. "}"
    return kind == 3 and "[" .. text .. "]" or text
  end
  local function query()
    local parts = {}
    for place = 1, upto(3) - 1 do
      local name = upto(20) == 1 and junk() or one_of(names)
      local value = upto(12) == 1 and junk() or upto(6) == 1 and last_cursor or one_of(values)
      if name == "next_cursor" and upto(2) == 1 then
        local at = upto(#last_cursor)
        value = last_cursor:sub(1, at - 1)
          .. one_of { "A", "%00", ".", "" }
          .. last_cursor:sub(at + 1)
      end
      parts[place] = name .. "=" .. value
    end
    return #parts > 0 and "?" .. table.concat(parts, "&") or ""
  end
  local M = {}
  function M.learn(cursor)
    last_cursor = cursor
  end
  function M.next(tokens)
    local method = one_of { "GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "BREW" }
    local resource = one_of(resources)
    local path = "/unified/user-directory/" .. resource
    if upto(4) == 1 then
      path = "/proxy/" .. one_of(commands)
    elseif upto(30) == 1 then
      path = "/" .. junk()
    elseif upto(8) == 1 then
      path = one_of(elsewhere)
    end
    -- most are not hopeless from the start
    if upto(4) > 1 then
      if path:find "^/proxy" or path:find "^/batch" or resource:find "%-user$" then
        method = "POST"
      elseif resource:find "^users/." then
        method = one_of { "GET", "GET", "PATCH", "DELETE" }
      else
        method = resource == "users" and one_of { "GET", "GET", "POST" } or "GET"
      end
    end
    local given = {}
    local token = upto(20)
    if token == 3 then
      given.Authorization = "Bearer " .. tokens.reader
    elseif token > 3 then
      given.Authorization = "Bearer " .. tokens.acme
    elseif token == 2 then
      given.Authorization = one_of { "Bearer x", "Basic eA==", "Bearer", "lpt_" }
    end
    given["Content-Type"] = one_of {
      "application/json",
      "application/json",
      "application/json",
      "application/json; charset=utf-8",
      "text/plain",
    }
    if upto(5) == 1 then
      given["Idempotency-Key"] = "key-" .. upto(50)
    end
    if upto(3) == 1 then
      given["If-None-Match"] = one_of { "*", '"x"', "W/", junk() }
    end
    local sends = method ~= "GET" and method ~= "HEAD" and method ~= "OPTIONS"
    return method, path .. query(), given, sends and body() or nil
  end
  return M
end

return F
