--- A run as an admin reads it: how many steps did what, every step that is not done and why, and what
-- can be done about it.
-- @module lastpass.plan.run_text
local table_of = require("lastpass.text").table
local text = require "lastpass.plan.text"

local M = {}

local words = {
  { "done", "done" },
  { "unchanged", "so already" },
  { "refused", "refused" },
  { "stale", "stale" },
  { "not_confirmed", "not confirmed" },
  { "uncertain", "uncertain" },
  { "unknown", "unknown" },
  { "not_tried", "not tried" },
  { "held", "held back by the plan" },
}

local shown = {}
for _, word in ipairs(words) do
  shown[word[1]] = word[2]
end

local function counts(run)
  local parts = {}
  for _, word in ipairs(words) do
    local count = run.counts[word[1]]
    if count > 0 then
      parts[#parts + 1] = ("%d %s"):format(count, word[2])
    end
  end
  return #parts > 0 and table.concat(parts, ", ") or "nothing to do"
end

local function rows_of(run, all)
  local rows = {}
  for row in run:steps() do
    if all or row.state ~= "done" and row.state ~= "unchanged" then
      rows[#rows + 1] = {
        who = row.subject,
        what = text.what(run._steps[row.number]),
        state = shown[row.state],
        why = row.reason or "",
      }
    end
  end
  return rows
end

local columns = {
  { field = "who", whole = true },
  { field = "what", wrap = true },
  { field = "state" },
  { field = "why", wrap = true },
}

-- What the server said and no read can show; whoever reads "done" ought to know.
local function note_traceless(run, lines)
  local count = 0
  for row in run:steps() do
    count = count + (row.state == "done" and row.code == "traceless" and 1 or 0)
  end
  if count > 0 then
    lines[#lines + 1] = ("%d of them cannot be confirmed: the directory does not show them"):format(
      count
    )
  end
end

local function ways_on(run, lines)
  if run.state == "stopped" or run.state == "running" then
    lines[#lines + 1] = ("to go on: client:resume(%d)"):format(run.id)
  end
  if run.counts.done + run.counts.uncertain + run.counts.not_confirmed > 0 then
    lines[#lines + 1] = ("to take it back: client:undo(%d) makes the plan"):format(run.id)
  end
end

local function title(run)
  local what = run.of_run and ("takes back run %d, plan"):format(run.of_run) or "plan"
  return ("Run %d (%s %s) %s: %s"):format(run.id, what, run.plan:sub(1, 12), run.state, counts(run))
end

--- The whole run.
---@param run lastpass.Run
---@param options? table all: true for the steps that are done, too; width: the terminal's columns
---@return string
function M.run(run, options)
  options = options or {}
  local lines = { title(run) }
  if run.stopped then
    local hint = run.stopped.hint
    local is_new = hint and not hint:find("client:resume", 1, true) -- which stands below
    lines[#lines + 1] = run.stopped.message .. (is_new and "; " .. hint or "")
  end
  note_traceless(run, lines)
  local rows = rows_of(run, options.all)
  if #rows > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = table_of(rows, columns, { width = options.width })
    lines[#lines + 1] = ""
  end
  ways_on(run, lines)
  return table.concat(lines, "\n")
end

return M
