--- What identity providers ask when they are connected, and what the RFC says of it: nothing here changes anything
-- (scim §3, §2).
-- @module lastpass.scim.doctor.reads
local answers = require "lastpass.scim.doctor.answers"
local json = require "lastpass.json"

local function quoted(text)
  return json.encode(text)
end

local function filter_of(attribute, value)
  return attribute .. " eq " .. quoted(value)
end

-- The one user that was asked for, whatever else is on the server.
local function is_user(context, answer)
  local problem = answers.list(1)(context, answer)
  if problem then
    return problem
  elseif answer.value.Resources[1].id ~= context.user.id then
    return "another user is found"
  end
end

local function is_upper_case_neutral(text)
  return text:upper() == text
end

return {
  {
    name = "test of the connection",
    provider = "entra",
    ends = true, -- without this nothing else says anything
    expected = "200 and an empty ListResponse for a user who does not exist",
    request = function(context)
      return { query = { filter = filter_of("userName", context.nobody) }, path = "/Users" }
    end,
    classify = answers.list(0),
  },
  {
    name = "media type of answers",
    provider = "rfc",
    expected = "Content-Type: application/scim+json",
    request = function(context)
      return { query = { filter = filter_of("userName", context.nobody) }, path = "/Users" }
    end,
    classify = answers.note(function(_, answer)
      local media_type = answer.headers["content-type"] or "none"
      if not media_type:lower():find "^application/scim%+json" then
        return "the media type is " .. media_type
      end
    end),
  },
  {
    name = "Accept: application/json",
    provider = "okta",
    expected = "200: JSON without the name of SCIM is accepted as well",
    request = {
      path = "/Users",
      query = { count = "1" },
      headers = { Accept = "application/json" },
    },
    classify = answers.list(),
  },
  {
    name = "Accept: application/scim+json; charset=utf-8",
    provider = "entra",
    expected = "200 whatever the parameters of the media type",
    request = {
      path = "/Users",
      query = { count = "1" },
      headers = { Accept = "application/scim+json; charset=utf-8" },
    },
    classify = answers.list(),
  },
  {
    name = "request without a token",
    provider = "rfc",
    expected = "401, WWW-Authenticate and an Error",
    request = { path = "/Users", query = { count = "1" }, token = false },
    classify = answers.all(
      answers.status(401),
      answers.note(answers.refusal(401)),
      answers.note(function(_, answer)
        return not answer.headers["www-authenticate"] and "WWW-Authenticate is missing" or nil
      end)
    ),
  },
  {
    name = "look-up by externalId",
    provider = "entra",
    expected = "200 and an empty ListResponse",
    request = function(context)
      return { path = "/Users", query = { filter = filter_of("externalId", context.nobody) } }
    end,
    classify = answers.list(0),
  },
  {
    name = "look-up of a group without its members",
    provider = "entra",
    expected = "200 and an empty ListResponse",
    request = function(context)
      return {
        path = "/Groups",
        query = {
          excludedAttributes = "members",
          filter = filter_of("displayName", context.nobody),
        },
      }
    end,
    classify = answers.list(0),
  },
  {
    name = "look-up before a user is created",
    provider = "okta",
    expected = "200 and an empty ListResponse",
    request = function(context)
      return {
        path = "/Users",
        query = { filter = filter_of("userName", context.nobody), startIndex = "1", count = "100" },
      }
    end,
    classify = function(context, answer)
      if answer.status == 404 then
        return "the status is 404, which Okta takes for an empty list and others do not", true
      end
      return answers.list(0)(context, answer)
    end,
  },
  {
    name = "import of users",
    finds = true,
    provider = "okta",
    expected = "200, a ListResponse whose users have string ids and boolean active",
    request = { path = "/Users", query = { startIndex = "1", count = "100" } },
    classify = function(context, answer)
      local problem = answers.list()(context, answer)
      if problem then
        return problem
      end
      context.total = answer.value.totalResults
      for index, one in ipairs(answer.value.Resources or {}) do
        problem = answers.resource "User"(context, { status = 200, value = one })
        if problem then
          return ("user %d: %s"):format(index, problem)
        end
        context.user = context.user or one
      end
    end,
  },
  {
    name = "import of groups",
    finds = true,
    provider = "okta",
    expected = "200, a ListResponse whose groups have string ids",
    request = { path = "/Groups", query = { startIndex = "1", count = "100" } },
    classify = function(context, answer)
      local problem = answers.list()(context, answer)
      for index, one in ipairs(not problem and answer.value.Resources or {}) do
        problem = answers.resource "Group"(context, { status = 200, value = one })
        if problem then
          return ("group %d: %s"):format(index, problem)
        end
        context.group = context.group or one
      end
      return problem
    end,
  },
  {
    name = "one user by id",
    provider = "entra",
    needs = "user",
    expected = "200 and the user",
    request = function(context)
      return { path = "/Users/", id = context.user.id }
    end,
    classify = answers.all(answers.resource "User", function(context, answer)
      return answer.value.id ~= context.user.id and "another user comes" or nil
    end),
  },
  {
    name = "a user by id who does not exist",
    provider = "entra",
    expected = "404 and an Error",
    request = function(context)
      return { path = "/Users/", id = context.nobody }
    end,
    classify = answers.all(answers.status(404), answers.refusal(404)),
  },
  {
    name = "look-up of a user who exists",
    provider = "entra",
    needs = "user",
    expected = "200 and this user alone",
    request = function(context)
      return { path = "/Users", query = { filter = filter_of("userName", context.user.userName) } }
    end,
    classify = is_user,
  },
  {
    name = "the same in capital letters",
    provider = "rfc",
    needs = "user",
    expected = "200 and the same user: userName is the same whatever its case (scim §2.2)",
    request = function(context)
      local upper = context.user.userName:upper()
      return { path = "/Users", query = { filter = filter_of("userName", upper) } }
    end,
    skips = function(context)
      return is_upper_case_neutral(context.user.userName) and "its name has no letters" or nil
    end,
    classify = is_user,
  },
  {
    name = "operators in capital letters",
    provider = "rfc",
    needs = "user",
    expected = "200 and the same user: operators are the same whatever their case",
    request = function(context)
      local name = quoted(context.user.userName)
      return { path = "/Users", query = { filter = "userName EQ " .. name } }
    end,
    classify = is_user,
  },
  {
    name = "a filter of two parts",
    provider = "entra",
    needs = "user",
    expected = "200 and nobody: both parts count",
    request = function(context)
      local filter = filter_of("userName", context.user.userName)
        .. " and "
        .. filter_of("userName", context.nobody)
      return { path = "/Users", query = { filter = filter } }
    end,
    classify = answers.list(0),
  },
  {
    name = "quotes and blanks in a filter's value",
    provider = "rfc",
    expected = "200 and an empty ListResponse",
    request = { path = "/Users", query = { filter = [[userName eq "a \"b\" (c) and d\\"]] } },
    classify = answers.list(0),
  },
  {
    name = "a filter that is wrong",
    provider = "rfc",
    expected = "400 invalidFilter; all users would be the wrong answer",
    request = { path = "/Users", query = { filter = "userName eq" } },
    classify = answers.all(
      answers.status(400),
      answers.note(answers.refusal(400, "invalidFilter"))
    ),
  },
  {
    name = "count=0",
    provider = "rfc",
    expected = "200, the total and no resources",
    request = { path = "/Users", query = { count = "0" } },
    classify = answers.note(answers.all(answers.list(), function(context, answer)
      if #(answer.value.Resources or {}) > 0 then
        return ("%d users come"):format(#answer.value.Resources)
      elseif context.total and answer.value.totalResults ~= context.total then
        return "the total is another one than before"
      end
    end)),
  },
  {
    name = "the first page of one",
    provider = "rfc",
    needs = "user",
    expected = "200, one user, and all users as the total",
    request = { path = "/Users", query = { startIndex = "1", count = "1" } },
    classify = answers.all(answers.list(), function(context, answer)
      local list = answer.value.Resources or {}
      if #list ~= 1 then
        return ("%d users come and not one"):format(#list)
      elseif answer.value.totalResults ~= context.total then
        return ("the total is %.0f and was %.0f"):format(answer.value.totalResults, context.total)
      end
      context.first = list[1].id
    end),
  },
  {
    name = "the second page of one",
    provider = "rfc",
    needs = "first",
    expected = "200 and another user than on the first page",
    request = { path = "/Users", query = { startIndex = "2", count = "1" } },
    skips = function(context)
      return context.total < 2 and "there is one user" or nil
    end,
    classify = answers.all(answers.list(), function(context, answer)
      local list = answer.value.Resources or {}
      if #list ~= 1 then
        return ("%d users come and not one"):format(#list)
      elseif list[1].id == context.first then
        return "the same user comes again: startIndex is passed over, or counted from 0"
      end
    end),
  },
  {
    name = "a page behind the last",
    provider = "rfc",
    needs = "user",
    expected = "200 and no resources",
    request = function(context)
      local start = ("%.0f"):format(context.total + 10)
      return { path = "/Users", query = { startIndex = start, count = "10" } }
    end,
    classify = answers.all(answers.list(), function(_, answer)
      local count = #(answer.value.Resources or {})
      return count > 0 and ("%d users come"):format(count) or nil
    end),
  },
  {
    name = "groups without their members",
    provider = "entra",
    needs = "group",
    expected = "200 and the group without members",
    request = function(context)
      return {
        path = "/Groups/",
        id = context.group.id,
        query = { excludedAttributes = "members" },
      }
    end,
    classify = answers.all(answers.resource "Group", function(_, answer)
      local members = answer.value.members
      return type(members) == "table" and #members > 0 and "the members come all the same" or nil
    end),
  },
  {
    name = "ServiceProviderConfig",
    provider = "rfc",
    expected = "200 and what the server can do; clients have to do without it as well",
    request = { path = "/ServiceProviderConfig" },
    classify = answers.note(function(_, answer)
      if answer.status ~= 200 then
        return ("the status is %d"):format(answer.status)
      elseif not answer.value or type(answer.value.patch) ~= "table" then
        return "it does not say whether PATCH is supported"
      end
    end),
  },
  {
    name = "a path that does not exist",
    provider = "okta",
    expected = "404 and an Error",
    request = { path = "/NoSuchResource" },
    classify = answers.note(answers.refusal(404)),
  },
}
