--- Shared folders: which there are and what is wrong with them, and for each of them who can do what,
-- through which group. The figures are made once for each version of a directory; the rights themselves
-- are read when a page is about them, for a company may have very many.
-- @module lastpass.nginx.dashboard.folders
local components = require "lastpass.html.components"
local folder_report = require "lastpass.report.folders"
local fold = require("lastpass.unified.texts").fold
local html = require "lastpass.html"
local listing = require "lastpass.nginx.dashboard.listing"
local parts = require "lastpass.nginx.dashboard.parts"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

---@class lastpass.nginx.dashboard.Access
---@field folders table[]  figures as `report.folders` has them, with `key` and `name`
---@field domains string[] those that are internal
local methods = {}
local access_mt = { __index = methods }

local M = {}

local PIECE = 512
local MOST_ROWS = 2000

-- The snapshot as reports read it, with a pause now and then.
local function reading_of(snapshot, pause)
  local reading = { snapshot = snapshot }
  function reading.users()
    local count, each = 0, snapshot:users()
    return function()
      count = count + 1
      if count % PIECE == 0 then
        pause()
      end
      return each()
    end
  end
  return reading
end

local function examine_folder(self, folder)
  return folder_report.examine(self._reading, { folder }, { domains = self.domains })
end

local function add_folder(self, folder)
  local line = examine_folder(self, folder).folders[1]
  if not line then
    return 0
  end
  line.name, line.key, line.source = line.folder, fold(line.folder), folder
  line.order = line.folder_id
  self.folders[#self.folders + 1] = line
  self._by_id[line.folder_id] = line
  local seen = {}
  for _, user in ipairs(folder.users) do
    local key = fold(user.email)
    if not seen[key] then
      seen[key] = true
      self._by_person[key] = self._by_person[key] or {}
      table.insert(self._by_person[key], line)
    end
  end
  return #folder.users
end

--- Reads the folders, unless the view has them, and examines each; deleted ones are left out.
---@param tenant table
---@param view table
---@param pause fun() lets others run
---@return lastpass.nginx.dashboard.Access|nil
---@return table? failure {message, err}
function M.build(tenant, view, pause)
  local list, message, err = view.folders, nil, nil
  if not list then
    list, message, err = require("lastpass.directory.folders").read(tenant:client(), {})
  end
  if not list then
    return nil, { message = message, err = err }
  end
  local reading = reading_of(view.snapshot, pause)
  local self = setmetatable({
    folders = {},
    domains = folder_report.examine(reading, {}, {}).domains,
    _reading = reading,
    _by_id = {},
    _by_person = {},
  }, access_mt)
  local rights = 0
  for _, folder in ipairs(list) do
    rights = rights + add_folder(self, folder) + 1
    if rights >= PIECE then
      rights = 0
      pause()
    end
  end
  table.sort(self.folders, function(a, b)
    if a.key ~= b.key then
      return a.key < b.key
    end
    return a.folder_id < b.folder_id
  end)
  return self
end

--- The figures of a folder, and its rights as `report.folders` has them.
---@param id string
---@return table|nil line
---@return table[]? rows
function methods:folder(id)
  local line = self._by_id[id]
  if not line then
    return nil
  end
  return line, examine_folder(self, line.source).rows
end

--- The rights that somebody has, sorted by folder.
---@param email string
---@return table[] rows
function methods:rights_of(email)
  local key, rows = fold(email), {}
  for _, line in ipairs(self._by_person[key] or {}) do
    for _, row in ipairs(examine_folder(self, line.source).rows) do
      if fold(row.email) == key then
        rows[#rows + 1] = row
      end
    end
  end
  return rows
end

--- The link to a folder.
---@param call lastpass.nginx.dashboard.Call
---@param id string
---@param name string
---@return lastpass.html.Markup
function M.link(call, id, name)
  return html.a({ href = call:url("folder", { { "id", id } }) }, html.bdi(name))
end

local figures = { read = true, write = true, administer = true, external = true }

local columns = {
  { "name", "Folder", "name" },
  { "read", "Read", "number minor" },
  { "write", "Write", "number minor" },
  { "administer", "Administer", "number minor" },
  { "external", "External", "number minor" },
  { nil, "Findings" },
}

local function findings_of(line)
  local items = {}
  for position, finding in ipairs(line.findings) do
    items[position] = { position > 1 and " ", parts.mark(finding, true) }
  end
  return #items > 0 and items or parts.quiet "none"
end

local function folder_row(call, line)
  return {
    M.link(call, line.folder_id, line.name),
    text.count(line.read),
    text.count(line.write),
    text.count(line.administer),
    text.count(line.external),
    findings_of(line),
  }
end

-- Internal or not is a guess from the addresses of admins, and the note explains it.
local function domains_note(access)
  if #access.domains == 0 then
    return nil
  end
  return html.p(
    { class = "note" },
    "External are addresses outside of ",
    table.concat(access.domains, ", "),
    ", the domains of active admins."
  )
end

--- Makes the page of all folders.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; part (the list alone); or failure {message, err}
function M.show(call)
  local access, failure = call:access()
  if not access then
    return { failure = failure }
  end
  return listing.show(listing.find(call, "folders", access.folders, figures), {
    section = "folders",
    title = "Shared folders",
    one = "folder",
    hint = "They appear here once somebody shares one.",
    caption = "People who can read, write and administer; each by the most they can",
    columns = columns,
    row = folder_row,
    csv = {
      { name = "name" },
      { name = "read" },
      { name = "write" },
      { name = "administer" },
      { name = "external" },
      { name = "findings", kind = "list" },
    },
    note = domains_note(access),
  })
end

local accounts = {
  none = parts.quiet "not of this company",
  disabled = parts.mark("disabled", true),
}

local function right_row(call, right)
  local is_known = right.account ~= "none"
  local name = is_known and parts.person(call, right.email) or components.email(right.email)
  return {
    { name, right.external and html.join(" ", parts.mark("external", true)) },
    right.right,
    right.group and parts.people(call, html.bdi(right.group), { { "group", right.group } })
      or right.super_admin and "super admin"
      or "directly",
    right.sees_passwords and "yes" or "no",
    accounts[right.account] or right.account,
    right.mfa or (right.account == "active" and "none" or "–"),
  }
end

local function rights_table(call, rights)
  local rows = {}
  for position = 1, math.min(#rights, MOST_ROWS) do
    rows[position] = right_row(call, rights[position])
  end
  local caption = text.plural(#rights, "right")
  if #rights > MOST_ROWS then
    caption = ("The first %s of %s"):format(text.count(MOST_ROWS), caption)
  end
  return components.table("rights-table", caption, {
    { title = "Person", class = "name" },
    { title = "Right" },
    { title = "Through" },
    { title = "Sees passwords", class = "minor" },
    { title = "Account", class = "minor" },
    { title = "Multifactor", class = "minor" },
  }, rows)
end

--- Makes the page of one folder.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; missing (text); or failure {message, err}
function M.show_one(call)
  local access, failure = call:access()
  if not access then
    return { failure = failure }
  end
  local line, rights = access:folder(call:param "id")
  if not line then
    return { missing = "There is no such shared folder in this company." }
  end
  return {
    title = line.name,
    section = "folders",
    main = html.join(
      parts.head(html.bdi(line.name), {
        crumb = html.a({ href = call:url "folders" }, "Shared folders"),
        meta = parts.freshness(call),
      }),
      parts.stale(call),
      html.section(
        { ["aria-label"] = "Figures" },
        components.figures {
          { "Read", text.count(line.read), "and no more" },
          { "Write", text.count(line.write), "and read" },
          { "Administer", text.count(line.administer), "and write" },
          { "External", text.count(line.external), "from outside" },
          { "Score", line.score and values.shown(line.score, "score") or "–", "of 100" },
        },
        html.p("Findings: ", findings_of(line))
      ),
      components.section(
        "rights",
        "Who can do what",
        #rights > 0 and rights_table(call, rights)
          or parts.empty("Nobody", "Nobody has access to this folder."),
        domains_note(access)
      )
    ),
  }
end

return M
