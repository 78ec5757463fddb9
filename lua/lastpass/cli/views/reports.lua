--- How cursors, rules and access reviews are shown.
-- @module lastpass.cli.views.reports
local M = {}

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

return M
