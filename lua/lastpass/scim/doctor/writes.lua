--- The life of a test user and a test group as identity providers drive it, in their shapes of requests (scim §3). What is
-- made is removed at the end, whatever happens in between.
-- @module lastpass.scim.doctor.writes
local answers = require "lastpass.scim.doctor.answers"
local definitions = require "lastpass.scim.definitions"
local json = require "lastpass.json"

local URN = definitions.URN

local function patch_of(...)
  return { schemas = json.list { URN.patch }, Operations = json.list { ... } }
end

-- A step that changes, and a look at what has become of it: a server may say yes and do nothing.
local function on_user(patch)
  return function(context)
    return { method = "PATCH", path = "/Users/", id = context.user_id, body = patch(context) }
  end
end

local function on_group(patch)
  return function(context)
    return { method = "PATCH", path = "/Groups/", id = context.group_id, body = patch(context) }
  end
end

local function read_user(context)
  return { path = "/Users/", id = context.user_id }
end

local function read_group(context)
  return { path = "/Groups/", id = context.group_id }
end

-- What the user has to be afterwards.
local function user_is(attribute, wanted)
  return answers.all(answers.resource "User", function(_, answer)
    local is = answer.value[attribute]
    if is ~= wanted then
      return ("%s is %s and not %s"):format(attribute, json.encode(is), json.encode(wanted))
    end
  end)
end

local function members_are(...)
  local wanted = { ... }
  return answers.all(answers.resource "Group", function(context, answer)
    local found, count = {}, 0
    for _, member in ipairs(type(answer.value.members) == "table" and answer.value.members or {}) do
      found[tostring(member.value)], count = true, count + 1
    end
    for _, name in ipairs(wanted) do
      if not found[context[name]] then
        return ("a member is missing; there are %d"):format(count)
      end
    end
    if count ~= #wanted then
      return ("there are %d members and not %d"):format(count, #wanted)
    end
  end)
end

local function user_body(context, name, more)
  local body = {
    schemas = json.list { URN.user },
    userName = name,
    externalId = name,
    active = true,
    displayName = "SCIM Doctor",
    name = { formatted = "SCIM Doctor", givenName = "SCIM", familyName = "Doctor" },
    emails = json.list { { value = name, type = "work", primary = true } },
  }
  for key, value in pairs(more or {}) do
    body[key] = value
  end
  return body, context
end

local changed = answers.status(200, 204)

local function remembers(field, classify)
  return function(context, answer)
    local id = type(answer.value) == "table" and answer.value.id
    if answer.status >= 200 and answer.status < 300 and type(id) == "string" then
      context[field] = id
      context.made[#context.made + 1] = { field == "group_id" and "/Groups/" or "/Users/", id }
    end
    return classify(context, answer)
  end
end

return {
  {
    name = "create a user",
    provider = "entra",
    expected = "201, the user with an id, and Location",
    request = function(context)
      local body = user_body(context, context.address, { meta = { resourceType = "User" } })
      return { method = "POST", path = "/Users", body = body }
    end,
    classify = remembers(
      "user_id",
      answers.all(
        answers.resource("User", 201),
        answers.note(function(_, answer)
          return not answer.headers.location and "Location is missing" or nil
        end)
      )
    ),
  },
  {
    name = "create a user, as application/json; charset=utf-8",
    opens = true, -- from here on there are users
    provider = "okta",
    expected = "201 whatever the media type of JSON",
    request = function(context)
      local body = user_body(context, context.address_2, {
        password = "Rand0m-" .. context.nobody,
        locale = "en-US",
        groups = json.list {},
      })
      local headers = { ["Content-Type"] = "application/json; charset=utf-8" }
      return { method = "POST", path = "/Users", body = body, headers = headers }
    end,
    classify = remembers("other_id", answers.resource("User", 201)),
  },
  {
    name = "create the same user again",
    provider = "entra",
    needs = "user_id",
    expected = "409 uniqueness",
    request = function(context)
      return { method = "POST", path = "/Users", body = user_body(context, context.address) }
    end,
    classify = function(context, answer)
      local id = type(answer.value) == "table" and answer.value.id
      if answer.status < 300 and id and id ~= context.user_id then
        context.made[#context.made + 1] = { "/Users/", id }
        return "there are two users of one userName now"
      elseif answer.status < 300 then
        return "the existing user is linked", true
      end
      return answers.refusal(409, "uniqueness")(context, answer)
    end,
  },
  {
    name = "find the new user",
    provider = "entra",
    needs = "user_id",
    expected = "200 and the user",
    request = function(context)
      local filter = "userName eq " .. json.encode(context.address)
      return { path = "/Users", query = { filter = filter } }
    end,
    classify = answers.list(1),
  },
  {
    name = 'disable, as "Replace" and "False"',
    provider = "entra",
    needs = "user_id",
    expected = "200 or 204, and the user is there with active: false",
    request = on_user(function()
      return patch_of { op = "Replace", path = "active", value = "False" }
    end),
    classify = changed,
    then_request = read_user,
    then_classify = user_is("active", false),
  },
  {
    name = "enable, without a path",
    provider = "okta",
    needs = "user_id",
    expected = "200 or 204, and active: true",
    request = on_user(function()
      return patch_of { op = "replace", value = { active = true } }
    end),
    classify = changed,
    then_request = read_user,
    then_classify = user_is("active", true),
  },
  {
    name = "change an attribute by its path",
    provider = "entra",
    needs = "user_id",
    expected = "200 or 204, and the new displayName",
    request = on_user(function()
      return patch_of { op = "Replace", path = "displayName", value = "SCIM Doctor 2" }
    end),
    classify = changed,
    then_request = read_user,
    then_classify = user_is("displayName", "SCIM Doctor 2"),
  },
  {
    name = "change several, as dotted and URN keys without a path",
    provider = "entra",
    needs = "user_id",
    expected = "200 or 204: every key is a path (aadOptscim062020)",
    request = on_user(function()
      return patch_of {
        op = "replace",
        value = {
          displayName = "SCIM Doctor 3",
          ["name.givenName"] = "Scim",
          [URN.enterprise .. ":department"] = "Test",
        },
      }
    end),
    classify = changed,
    then_request = read_user,
    then_classify = user_is("displayName", "SCIM Doctor 3"),
  },
  {
    name = "the work e-mail, which is not there yet",
    provider = "entra",
    needs = "other_id",
    expected = "200 or 204: a value path that matches nothing makes one",
    request = function(context)
      local path = 'phoneNumbers[type eq "work"].value'
      local patch = patch_of { op = "Add", path = path, value = "+49 30 1234567" }
      return { method = "PATCH", path = "/Users/", id = context.other_id, body = patch }
    end,
    classify = changed,
  },
  {
    name = "replace the whole user",
    provider = "okta",
    needs = "user_id",
    expected = "200, and the new displayName",
    request = function(context)
      local body = user_body(context, context.address, {
        id = context.user_id,
        displayName = "SCIM Doctor 4",
        active = false,
      })
      return { method = "PUT", path = "/Users/", id = context.user_id, body = body }
    end,
    classify = answers.status(200),
    then_request = read_user,
    then_classify = answers.all(user_is("displayName", "SCIM Doctor 4"), user_is("active", false)),
  },
  {
    name = "replace without active",
    provider = "rfc",
    needs = "user_id",
    expected = "200, and who was disabled stays so",
    request = function(context)
      local body = user_body(context, context.address)
      body.active = nil
      return { method = "PUT", path = "/Users/", id = context.user_id, body = body }
    end,
    classify = answers.note(answers.status(200)),
    then_request = read_user,
    then_classify = answers.note(user_is("active", false)),
  },
  {
    name = "create a group, with Entra's own schema",
    provider = "entra",
    expected = "201 and the group with an id",
    request = function(context)
      return {
        method = "POST",
        path = "/Groups",
        body = {
          schemas = json.list {
            URN.group,
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
          },
          displayName = context.group_name,
          externalId = context.group_name,
          meta = { resourceType = "Group" },
        },
      }
    end,
    classify = remembers("group_id", answers.resource("Group", 201)),
  },
  {
    name = "create a group",
    provider = "okta",
    expected = "201 and the group with an id",
    request = function(context)
      local body = { schemas = json.list { URN.group }, displayName = context.group_name }
      return { method = "POST", path = "/Groups", body = body }
    end,
    skips = function(context)
      return context.group_id and "there is one, with Entra's schema" or nil
    end,
    classify = remembers("group_id", answers.resource("Group", 201)),
  },
  {
    name = "add two members",
    provider = "entra",
    needs = "group_id",
    expected = "200 or 204, and both are in it",
    request = on_group(function(context)
      local members = json.list { { value = context.user_id }, { value = context.other_id } }
      return patch_of { op = "Add", path = "members", value = members }
    end),
    skips = function(context)
      return not (context.user_id and context.other_id) and "there are no two users" or nil
    end,
    classify = changed,
    then_request = read_group,
    then_classify = members_are("user_id", "other_id"),
  },
  {
    name = "remove one member, by a value",
    provider = "entra",
    needs = "group_id",
    expected = "200 or 204, and the other member stays (scim §4.1)",
    request = on_group(function(context)
      local members = json.list { { value = context.user_id, ["$ref"] = json.null } }
      return patch_of { op = "Remove", path = "members", value = members }
    end),
    classify = changed,
    then_request = read_group,
    then_classify = members_are "other_id",
  },
  {
    name = "rename the group, without a path and with its id",
    provider = "okta",
    needs = "group_id",
    expected = "200 or 204, and the member stays",
    request = on_group(function(context)
      local value = { id = context.group_id, displayName = context.group_name .. " 2" }
      return patch_of { op = "replace", value = value }
    end),
    classify = changed,
    then_request = read_group,
    then_classify = answers.all(members_are "other_id", function(context, answer)
      return answer.value.displayName ~= context.group_name .. " 2" and "the name is the old one"
        or nil
    end),
  },
  {
    name = "remove one member, by a filter",
    provider = "okta",
    needs = "group_id",
    expected = "200 or 204, and nobody is in it",
    request = on_group(function(context)
      local path = ("members[value eq %s]"):format(json.encode(context.other_id))
      return patch_of { op = "remove", path = path }
    end),
    classify = changed,
    then_request = read_group,
    then_classify = members_are(),
  },
  {
    name = "a member who does not exist",
    provider = "rfc",
    needs = "group_id",
    expected = "400, and not a yes without effect",
    request = on_group(function(context)
      local members = json.list { { value = context.nobody } }
      return patch_of { op = "add", path = "members", value = members }
    end),
    classify = answers.note(answers.status(400, 404)),
  },
  {
    name = "an operation that does not exist",
    provider = "rfc",
    needs = "user_id",
    expected = "400 and an Error",
    request = on_user(function()
      return patch_of { op = "explode", path = "displayName", value = "x" }
    end),
    classify = answers.all(answers.status(400), answers.note(answers.refusal(400))),
  },
  {
    name = "delete the group",
    provider = "okta",
    needs = "group_id",
    expected = "204, and 404 afterwards",
    request = function(context)
      return { method = "DELETE", path = "/Groups/", id = context.group_id }
    end,
    classify = answers.status(204, 200),
    then_request = read_group,
    then_classify = answers.refusal(404),
  },
  {
    name = "delete the user",
    provider = "entra",
    needs = "user_id",
    expected = "204, and 404 afterwards",
    request = function(context)
      return { method = "DELETE", path = "/Users/", id = context.user_id }
    end,
    classify = answers.status(204, 200),
    then_request = read_user,
    then_classify = answers.refusal(404),
  },
  {
    name = "delete the user again",
    provider = "rfc",
    needs = "user_id",
    expected = "404",
    request = function(context)
      return { method = "DELETE", path = "/Users/", id = context.user_id }
    end,
    classify = answers.note(answers.status(404)),
  },
}
