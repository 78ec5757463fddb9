--- How the things that commands list are shown: their fields, and which of them make the table.
-- @module lastpass.cli.views
local M = {}

M.groups = {
  name = "groups",
  key = "name",
  fields = { "name", "members", "people" },
  columns = { "name", { field = "members", align = "right" } },
  get = function(group, field)
    if field == "name" then
      return group.name
    end
    local people = group:members()
    return field == "people" and people or people and #people
  end,
}

-- The same as rows that can be stored.
M.groups_of_companies = {
  name = "groups",
  key = "name",
  fields = M.groups.fields,
  columns = M.groups.columns,
}

M.exports = {
  name = "exports",
  key = "events",
  fields = { "events", "duplicates", "refused", "position", "dead_letters", "unknown" },
  columns = {
    { field = "events", align = "right" },
    { field = "duplicates", title = "seen before", align = "right" },
    { field = "refused", align = "right" },
    { field = "position", title = "newest event" },
    { field = "unknown", title = "unknown actions", wrap = true },
  },
  times = { position = true },
}

M.members = {
  name = "members",
  key = "email",
  fields = { "group", "email" },
  columns = { "email" },
}

M.folders = {
  name = "folders",
  key = "name",
  fields = { "name", "id", "score", "deleted", "users", "people" },
  columns = {
    "name",
    { field = "users", align = "right" },
    { field = "score", align = "right" },
    { field = "deleted" },
  },
  get = function(folder, field)
    if field == "users" then
      return #folder.users
    elseif field == "people" then
      local people = {}
      for index, user in ipairs(folder.users) do
        people[index] = user.email
      end
      return people
    end
    return folder[field]
  end,
}

M.folder_users = {
  name = "folder users",
  key = "email",
  fields = {
    "folder",
    "email",
    "can_read",
    "can_write",
    "sees_passwords",
    "can_administer",
    "super_admin",
    "group",
    "sites",
  },
  columns = {
    "folder",
    "email",
    { field = "can_write", title = "writes" },
    { field = "sees_passwords", title = "sees" },
    { field = "can_administer", title = "administers" },
    "group",
  },
}

M.events = {
  name = "events",
  key = "time",
  fields = { "time", "local_time", "ambiguous", "username", "ip_address", "action", "data" },
  columns = {
    { field = "time", title = "time (UTC)" },
    { field = "username", title = "user" },
    { field = "ip_address", title = "from", rank = 2 },
    "action",
    { field = "data", max = 60, rank = 1 },
  },
  times = { time = true },
}

M.expired_passwords = {
  name = "expired passwords",
  key = "email",
  fields = { "email", "last_password_change", "id" },
  columns = { "email", "last_password_change" },
  times = { last_password_change = true },
}

local outcomes = {
  done = "good",
  unchanged = "dim",
  refused = "bad",
  uncertain = "warn",
  unknown = "warn",
  stale = "warn",
  not_confirmed = "warn",
  ["not confirmed"] = "warn",
}

M.outcomes = {
  name = "results",
  key = "who",
  fields = { "row", "who", "outcome", "reason", "code" },
  columns = {
    { field = "row", align = "right" },
    "who",
    "outcome",
    { field = "reason", wrap = true },
  },
  tone = function(row)
    return outcomes[row.outcome]
  end,
}

M.steps = {
  name = "steps",
  key = "subject",
  fields = { "number", "kind", "subject", "what", "reason", "origin", "reversal" },
  columns = {
    { field = "number", align = "right" },
    "subject",
    { field = "what", wrap = true },
    { field = "reason", wrap = true },
    { field = "origin", rank = 1 },
  },
}

-- The same, of plans whose steps say what carries them.
M.carried_steps = {
  name = "steps",
  key = "subject",
  fields = { "number", "kind", "subject", "what", "reason", "origin", "reversal", "via", "why" },
  columns = {
    { field = "number", align = "right" },
    "subject",
    { field = "what", wrap = true },
    "via",
    { field = "reason", wrap = true },
    { field = "origin", rank = 1 },
  },
}

M.run_steps = {
  name = "steps",
  key = "subject",
  fields = { "number", "kind", "subject", "state", "reason", "code" },
  columns = {
    { field = "number", align = "right" },
    "subject",
    "kind",
    "state",
    { field = "reason", wrap = true },
  },
  tone = function(row)
    return outcomes[row.state]
  end,
}

-- Steps of plans over companies.
M.company_steps = {
  name = "steps",
  key = "subject",
  fields = {
    "company",
    "number",
    "kind",
    "subject",
    "what",
    "reason",
    "origin",
    "reversal",
  },
  columns = {
    { field = "company", whole = true },
    { field = "number", align = "right" },
    "subject",
    { field = "what", wrap = true },
    { field = "reason", wrap = true },
    { field = "origin", rank = 1 },
  },
}

local tones = { done = "good", unchanged = "dim", failed = "bad", uncertain = "warn" }

-- What became of the companies of such a plan; `run` is the number in the company's own journal.
M.company_runs = {
  name = "companies",
  key = "company",
  fields = {
    "company",
    "wave",
    "state",
    "run",
    "steps",
    "done",
    "uncertain",
    "failed",
    "code",
    "message",
  },
  columns = {
    { field = "company", whole = true },
    { field = "wave", align = "right", rank = 2 },
    "state",
    { field = "steps", align = "right" },
    { field = "done", align = "right" },
    { field = "uncertain", align = "right", rank = 1 },
    { field = "failed", align = "right", rank = 1 },
    { field = "run", align = "right", rank = 2 },
    { field = "message", wrap = true },
  },
  get = function(row, field)
    local counts = row.counts
    if field == "failed" then
      return counts and counts.refused + counts.not_confirmed
    elseif field == "uncertain" then
      return counts and counts.uncertain + counts.unknown
    elseif field == "done" then
      return counts and counts.done + counts.unchanged
    elseif field == "steps" then
      return counts and row.steps
    end
    return row[field]
  end,
  tone = function(row)
    return tones[row.state]
  end,
}

M.runs = {
  name = "runs",
  key = "id",
  fields = { "id", "started", "finished", "state", "kind", "of_run", "total", "plan" },
  columns = {
    { field = "id", align = "right", title = "run" },
    "started",
    "state",
    "kind",
    { field = "total", align = "right", title = "steps" },
    { field = "plan", max = 13, rank = 1 },
  },
  times = { started = true, finished = true },
  tone = function(run)
    return run.state ~= "finished" and "warn" or nil
  end,
}

M.differences = {
  name = "differences",
  key = "email",
  fields = { "email", "what", "before", "after" },
  mixed = { before = true, after = true },
  columns = {
    "email",
    "what",
    { field = "before", wrap = true },
    { field = "after", wrap = true },
  },
}

M.drift = {
  name = "differences",
  key = "email",
  fields = { "email", "what", "before", "after", "action", "by", "at" },
  mixed = { before = true, after = true, at = true },
  columns = {
    "email",
    "what",
    { field = "before", wrap = true },
    { field = "after", wrap = true },
    { field = "action", rank = 3 },
    { field = "by", rank = 1 },
    { field = "at", rank = 2 },
  },
  get = function(difference, field)
    local event = difference.event or {}
    if field == "action" then
      return event.action
    elseif field == "by" then
      return event.username
    elseif field == "at" then
      return event.time or event.local_time
    end
    return difference[field]
  end,
}

M.snapshots = {
  name = "snapshots",
  key = "id",
  fields = { "id", "read_at", "last_seen", "users", "sha256" },
  columns = {
    { field = "id", align = "right" },
    "read_at",
    "last_seen",
    { field = "users", align = "right" },
    { field = "sha256", max = 13, rank = 1 },
  },
  times = { read_at = true, last_seen = true },
}

M.settings = {
  name = "settings",
  key = "key",
  fields = { "key", "value", "origin", "where" },
  mixed = { value = true },
  columns = { "key", { field = "value", wrap = true }, "origin", { field = "where", wrap = true } },
}

M.profiles = {
  name = "profiles",
  key = "name",
  fields = { "name", "default", "cid", "url", "timezone", "file" },
  columns = { "name", "default", { field = "cid", align = "right" }, "timezone", "file" },
}

M.companies = {
  name = "companies",
  key = "name",
  fields = { "name", "cid", "groups", "url", "where", "problem" },
  columns = {
    { field = "name", whole = true },
    { field = "cid", align = "right" },
    "groups",
    { field = "where", rank = 1 },
    { field = "problem", wrap = true },
  },
  tone = function(company)
    return company.problem and "bad" or nil
  end,
}

M.tenant_runs = {
  name = "runs",
  key = "id",
  fields = {
    "id",
    "created",
    "ended",
    "state",
    "kind",
    "expression",
    "companies",
    "done",
    "failed",
    "running",
    "ready",
    "held",
    "wave",
    "waves",
    "why",
    "created_by",
    "plan",
  },
  columns = {
    { field = "id", align = "right", title = "run" },
    "created",
    "state",
    "kind",
    { field = "companies", align = "right" },
    { field = "done", align = "right" },
    { field = "failed", align = "right" },
    { field = "running", align = "right" },
    { field = "wave", align = "right", rank = 2 },
    { field = "expression", rank = 1 },
    { field = "why", wrap = true },
  },
  times = { created = true, ended = true },
  tone = function(run)
    return run.state == "stopped" and "bad" or run.state ~= "finished" and "warn" or nil
  end,
}

M.tenant_jobs = {
  name = "companies",
  key = "company",
  fields = {
    "company",
    "state",
    "wave",
    "worker",
    "since",
    "seconds",
    "waiting",
    "attempt",
    "code",
    "reason",
  },
  columns = {
    { field = "company", whole = true },
    "state",
    { field = "wave", align = "right", rank = 2 },
    "worker",
    "since",
    { field = "waiting", title = "waits for", wrap = true },
    { field = "reason", wrap = true, rank = 1 },
  },
  times = { since = true },
  tone = function(job)
    return job.state == "failed" and "bad" or nil
  end,
}

M.company_groups = {
  name = "groups",
  key = "name",
  fields = { "name", "companies" },
  columns = { "name", { field = "companies", wrap = true } },
}

M.checks = {
  name = "checks",
  key = "check",
  fields = { "check", "state", "what", "advice" },
  columns = {
    "state",
    "check",
    { field = "what", wrap = true },
    { field = "advice", wrap = true },
  },
  tone = function(check)
    return ({ ok = "good", warn = "warn", fail = "bad" })[check.state]
  end,
}

--- Users of a stored snapshot: plain tables with fewer fields.
M.kept_users = {
  name = "users",
  key = "email",
  fields = { "email", "fullname", "status", "admin", "groups", "mfa", "created", "last_login" },
  columns = {
    "email",
    { field = "fullname", title = "name", rank = 1 },
    "status",
    { field = "admin", rank = 2 },
    { field = "mfa", rank = 3 },
    { field = "groups", rank = 4 },
  },
  times = { created = true, last_login = true },
  get = function(user, field)
    if field == "admin" then
      return user.admin or false
    end
    return user[field]
  end,
}

M.cursors = {
  name = "cursors",
  key = "name",
  fields = { "name", "position", "saved_at" },
  columns = { "name", { field = "position", title = "newest event" }, "saved_at" },
  times = { position = true, saved_at = true },
}

M.rules = {
  name = "rules",
  key = "name",
  fields = { "name", "severity", "each", "title" },
  columns = { "name", "severity", { field = "each", title = "about" }, "title" },
}

M.review_files = {
  name = "files",
  key = "file",
  fields = { "file", "manager", "items", "keep", "remove", "undecided", "problems" },
  columns = {
    "file",
    "manager",
    { field = "items", align = "right", title = "to decide" },
    { field = "keep", align = "right" },
    { field = "remove", align = "right" },
    { field = "undecided", align = "right" },
    { field = "problems", align = "right", title = "not understood" },
  },
  tone = function(file)
    return file.problems > 0 and "bad" or file.undecided > 0 and "warn" or nil
  end,
}

M.tasks = {
  name = "tasks",
  key = "id",
  fields = { "id", "person", "kind", "what", "task", "origin" },
  columns = { "id", "person", "task", { field = "origin", title = "decided in" } },
}

return setmetatable(M, {
  __index = function(_, name)
    if name == "users" then
      return require "lastpass.cli.views.users"
    end
    local group = name:match "^(%a+)_"
    if group == "scim" or group == "saml" or group == "mfa" or group == "rest" then
      return require("lastpass.cli.views." .. group)[name]
    end
    return nil
  end,
})
