--- Recent events, newest first. What looks like a secret in their data is not shown.
-- @module lastpass.nginx.dashboard.events
local fold = require("lastpass.unified.texts").fold
local form = require "lastpass.nginx.dashboard.form"
local html = require "lastpass.nginx.dashboard.html"
local lists = require "lastpass.nginx.dashboard.lists"
local parts = require "lastpass.nginx.dashboard.parts"
local redact = require "lastpass.export.redact"
local actions = require "lastpass.audit.actions"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

local M = {}

local SHOWN = 100

local severities = {
  { "", "Any" },
  { "low", "Low and above" },
  { "medium", "Medium and above" },
  { "high", "High" },
}

local rank = {}
for place, name in ipairs(actions.severities) do
  rank[name] = place
end

local function matching(events, q, severity)
  local words, found = {}, {}
  for word in fold(q):gmatch "%S+" do
    words[#words + 1] = word
  end
  for _, event in ipairs(events) do
    local fits = severity == ""
      or (rank[actions.find(event.action).severity] or 0) >= rank[severity]
    if fits and #words > 0 then
      local all =
        fold(table.concat({ event.username, event.action, event.data, event.ip_address }, "\n"))
      for _, word in ipairs(words) do
        fits = fits and all:find(word, 1, true) ~= nil
      end
    end
    if fits then
      found[#found + 1] = event
    end
  end
  return found
end

local function person(call, name)
  local known = name:find("@", 1, true) and call.view.snapshot:user(name)
  if known then
    return html.a({ href = call:url("person", { { "email", known.email } }) }, parts.email(name))
  end
  return name ~= "" and html.bdi(name) or html.span({ class = "quiet" }, "–")
end

local function row(call, event)
  local severity = actions.find(event.action).severity
  return {
    parts.time(event.time) or html.bdi(event.local_time),
    {
      html.bdi(event.action),
      severity == "high" and html.join(" ", html.span({ class = "mark bad" }, "high")),
    },
    person(call, event.username),
    html.bdi(redact.text(event.data)),
    html.bdi(event.ip_address),
  }
end

local function results(call, recent, q, severity)
  local found = matching(recent.events, q, severity)
  local oldest = recent.cut and recent.events[#recent.events].time or recent.from
  local counted = ("%s since %s"):format(text.plural(#found, "event"), values.shown(oldest, "time"))
  if #found == 0 then
    local narrows = q ~= "" or severity ~= ""
    return lists.results(
      counted,
      lists.empty(
        narrows and "No event fits" or "Nothing has happened",
        narrows and html.a({ href = call:url "events" }, "Show all recent events")
          or "No event was written in the last seven days."
      )
    )
  end
  local rows = {}
  for place = 1, math.min(#found, SHOWN) do
    rows[place] = row(call, found[place])
  end
  if #found > SHOWN then
    counted = ("%s; the newest %d are shown"):format(counted, SHOWN)
  end
  return lists.results(
    counted,
    parts.table("events-table", "Events, newest first", {
      { title = "Time, UTC", class = "time" },
      { title = "What", class = "what" },
      { title = "Who", class = "who-did" },
      { title = "About", class = "list" },
      { title = "From", class = "minor" },
    }, rows, { quiet = true })
  )
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; part (the list alone); or failure {message, err}
function M.show(call)
  local recent, message, err = call.recent:events(call.now)
  if not recent then
    return { failure = { message = message, err = err } }
  end
  local q, severity = call:param "q", call:param "severity"
  severity = rank[severity] and severity ~= "info" and severity or ""
  local list = results(call, recent, q, severity)
  if call:is_part() then
    return { part = list }
  end
  return {
    title = "Recent events",
    section = "events",
    main = html.join(
      parts.head("Recent events", { meta = { "Read ", parts.ago(recent.read_at, call.now) } }),
      html.section(
        { ["aria-label"] = "List of events" },
        form.show(call:url "events", {
          form.search(q, "Person, action or subject"),
          form.field("severity", "Severity", form.choice("severity", severities, severity)),
        }, {}),
        list
      )
    ),
  }
end

return M
