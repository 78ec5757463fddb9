--- Elastic Common Schema 8 (https://www.elastic.co/guide/en/ecs/8.11/index.html), one object a line.
-- @module lastpass.export.formats.ecs
local json = require "lastpass.json"
local pieces = require "lastpass.export.formats.pieces"

local VERSION = "8.11.0"

-- What happens in vaults, folders and settings has no category of its own there; a change of the
-- configuration of the service is the nearest.
local categories = {
  authentication = "authentication",
  account = "iam",
  group = "iam",
  sharing = "configuration",
  vault = "configuration",
  configuration = "configuration",
  reporting = "configuration",
}

-- Which types a category allows: event.type in the schema.
local types = {
  authentication = { login = "start", login_failed = "start", logout = "end" },
  iam = { create = "creation", delete = "deletion", login = "info" },
  configuration = {
    create = "creation",
    delete = "deletion",
    read = "access",
    export = "access",
  },
}

local subjects = { account = "user", group = "group" }

local function types_of(action)
  local category = categories[action.category]
  local list = { subjects[action.category] }
  if category == "authentication" then
    list[#list + 1] = types.authentication[action.verb] or "info"
  else
    list[#list + 1] = types[category][action.verb] or "change"
  end
  return list
end

local function describe(action)
  local category = categories[action.category]
  local event = {
    kind = "event",
    module = "lastpass",
    dataset = "lastpass.event",
    provider = "enterprise_api",
    action = action.id,
    outcome = action.outcome,
    severity = pieces.severity[action.severity],
    category = category and json.list { category } or nil,
    type = category and json.list(types_of(action)) or json.list { "info" },
  }
  return 1, { json.encode(event):sub(2) .. ',"lastpass":{"action":"' }
end

return function(options)
  local account = ("%.0f"):format(tonumber(options.cid) or 0)
  local actor = { "when", "username", { '"', { "text", "username", "json" }, '"' } }
  local people = { "targets", { between = ",", after = '"', user = '"' }, "json" }
  local more_people = { "targets", { between = "", after = '"', user = ',"' }, "json" }
  local template = {
    '{"@timestamp":',
    { "when", "time", { '"', { "time", "iso_milliseconds" }, '"' }, { "null" } },
    ',"ecs":{"version":"' .. VERSION .. '"},"organization":{"id":"' .. account .. '"}',
    ',"event":{"id":"',
    { "text", "event_id", "json" },
    '",',
    { "slot", 1 },
    { "text", "label", "json" },
    '","targets":[',
    pieces.json_targets(),
    '],"data":"',
    { "text", "data", "json" },
    '"',
    { "when", "ambiguous", { ',"time_ambiguous":true' } },
    { "when", "time", {}, { ',"local_time":"', { "text", "local_time", "json" }, '"' } },
    '},"message":"',
    { "text", "label", "json" },
    { "when", "data", { ": ", { "text", "data", "json" } } },
    '","user":{"name":"',
    { "text", "username", "json" },
    '"',
    { "when", "email", { ',"email":"', { "text", "username", "json" }, '"' } },
    { "when", "user", { ',"target":{"name":"', { "text", "user", "json" }, '"}' } },
    "}",
    { "when", "group", { ',"group":{"name":"', { "text", "group", "json" }, '"}' } },
    {
      "when",
      "address",
      {
        ',"source":{"address":"',
        { "text", "address", "json" },
        '"',
        { "when", "ip", { ',"ip":"', { "text", "address", "json" }, '"' } },
        "}",
      },
    },
    ',"related":{"user":[',
    { "when", "username", { actor, more_people }, { people } },
    "]",
    { "when", "ip", { ',"ip":["', { "text", "address", "json" }, '"]' } },
    "}}",
  }
  return {
    templates = { template },
    slots = 1,
    describe = describe,
    media_type = "application/x-ndjson",
  }
end
