--- How what the SCIM endpoint leaves in the journal is shown, and people and groups of a SCIM server.
-- @module lastpass.cli.views.scim
local M = {}

M.scim_connections = {
  name = "connections",
  key = "name",
  fields = {
    "name",
    "provider",
    "mode",
    "state",
    "tokens",
    "days_left",
    "objects",
    "held",
    "last_request",
    "changed",
  },
  columns = {
    "name",
    { field = "provider", rank = 2 },
    "mode",
    { field = "state", rank = 3 },
    "tokens",
    { field = "days_left", align = "right" },
    { field = "objects", align = "right", rank = 1 },
    { field = "held", align = "right" },
    { field = "last_request", title = "last request (UTC)" },
  },
  times = { last_request = true, changed = true },
  tone = function(connection)
    if connection.state == "closed" then
      return "dim"
    end
    return (connection.warns or connection.held > 0) and "warn" or nil
  end,
}

local token_tones = { revoked = "dim", expired = "bad" }

M.scim_tokens = {
  name = "tokens",
  key = "id",
  fields = {
    "id",
    "connection",
    "label",
    "state",
    "days_left",
    "created",
    "expires",
    "last_used",
    "revoked",
  },
  columns = {
    { field = "id", align = "right", title = "token" },
    "connection",
    "label",
    "state",
    { field = "days_left", align = "right" },
    { field = "created", rank = 1 },
    { field = "last_used", title = "last used (UTC)" },
  },
  times = { created = true, expires = true, last_used = true, revoked = true },
  tone = function(token)
    return token_tones[token.state] or token.warns and "warn" or nil
  end,
}

M.scim_requests = {
  name = "requests",
  key = "id",
  fields = {
    "id",
    "at",
    "connection",
    "token",
    "action",
    "target",
    "status",
    "scim_type",
    "run",
    "step",
    "job",
    "milliseconds",
  },
  columns = {
    { field = "at", title = "time (UTC)" },
    "connection",
    { field = "token", rank = 2 },
    "action",
    { field = "target", max = 36, whole = true },
    { field = "status", align = "right" },
    { field = "scim_type", title = "scimType" },
    { field = "run", align = "right" },
    { field = "job", align = "right" },
    { field = "milliseconds", align = "right", title = "ms", rank = 1 },
  },
  times = { at = true },
  tone = function(request)
    if request.status < 400 then
      return nil
    end
    return (request.status >= 500 or request.status == 401) and "bad" or "warn"
  end,
}

local states_of_jobs = {
  held = "warn",
  ready = "warn",
  running = "warn",
  done = "good",
  failed = "bad",
  refused = "dim",
  superseded = "dim",
}

M.scim_held = {
  name = "held writes",
  key = "id",
  fields = {
    "id",
    "connection",
    "subject",
    "people",
    "what",
    "state",
    "reason",
    "code",
    "created",
    "decided_at",
    "decided_by",
    "decision",
    "outcome",
    "ended",
    "attempt",
    "not_before",
    "run",
    "step",
    "object",
  },
  columns = {
    { field = "id", align = "right", title = "job" },
    { field = "connection", rank = 1 },
    "subject",
    { field = "what", wrap = true },
    "state",
    { field = "reason", title = "held because", wrap = true },
    { field = "created", rank = 2 },
  },
  times = { created = true, decided_at = true, ended = true, not_before = true },
  tone = function(job)
    return states_of_jobs[job.state]
  end,
}

local outcomes = { done = "good", refused = "bad", failed = "bad" }

M.scim_decisions = {
  name = "decisions",
  key = "id",
  fields = {
    "id",
    "connection",
    "subject",
    "people",
    "what",
    "outcome",
    "reason",
    "code",
    "run",
    "step",
  },
  columns = {
    { field = "id", align = "right", title = "job" },
    "subject",
    { field = "what", wrap = true },
    "outcome",
    { field = "reason", wrap = true },
  },
  tone = function(job)
    return outcomes[job.outcome] or "warn"
  end,
}

M.scim_objects = {
  name = "objects",
  key = "name",
  fields = {
    "id",
    "type",
    "name",
    "state",
    "external_id",
    "account",
    "alias",
    "created",
    "changed",
  },
  columns = {
    { field = "type" },
    "name",
    "state",
    { field = "external_id", rank = 1 },
    { field = "changed", title = "changed (UTC)" },
  },
  times = { created = true, changed = true },
}

-- ------------------------------------------------------------------ what a SCIM server has

local function values_of(list, name)
  local values = {}
  for position, one in ipairs(type(list) == "table" and list or {}) do
    values[position] = type(one) == "table" and (one[name] or one.value) or one
  end
  return values
end

local in_meta = { created = true, lastModified = true, version = true }

-- A field of a resource that stands in it, or in its `meta`.
local function plain_field(resource, field)
  if in_meta[field] then
    return type(resource.meta) == "table" and resource.meta[field] or nil
  end
  return resource[field]
end

local function field_of_user(user, field)
  if field == "emails" then
    return values_of(user.emails, "value")
  elseif field == "groups" then
    return values_of(user.groups, "display")
  elseif field == "name" then
    local name = type(user.name) == "table" and user.name or {}
    local whole = ((name.givenName or "") .. " " .. (name.familyName or "")):match "^%s*(.-)%s*$"
    return name.formatted or user.displayName or whole ~= "" and whole or nil
  end
  return plain_field(user, field)
end

M.scim_users = {
  name = "users",
  key = "userName",
  fields = {
    "id",
    "userName",
    "name",
    "active",
    "externalId",
    "emails",
    "groups",
    "created",
    "lastModified",
    "version",
  },
  columns = {
    { field = "id", max = 36, whole = true },
    "userName",
    { field = "name", rank = 1 },
    "active",
    { field = "externalId", rank = 3 },
    { field = "groups", rank = 2 },
  },
  get = field_of_user,
  tone = function(user)
    return user.active == false and "dim" or nil
  end,
}

M.scim_groups = {
  name = "groups",
  key = "displayName",
  fields = {
    "id",
    "displayName",
    "externalId",
    "members",
    "people",
    "created",
    "lastModified",
    "version",
  },
  columns = {
    { field = "id", max = 36, whole = true },
    "displayName",
    { field = "externalId", rank = 1 },
    { field = "members", align = "right" },
  },
  get = function(group, field)
    if field == "members" then
      return #(group.members or {})
    elseif field == "people" then
      return values_of(group.members, "display")
    end
    return plain_field(group, field)
  end,
}

local states_of_checks = { ok = "good", deviation = "bad", note = "warn", skipped = "dim" }

M.scim_checks = {
  name = "checks",
  key = "check",
  fields = { "check", "provider", "state", "problem", "expected", "sent", "came" },
  columns = {
    "state",
    { field = "provider", title = "asked by" },
    "check",
    { field = "problem", wrap = true },
  },
  tone = function(row)
    return states_of_checks[row.state]
  end,
}

return M
