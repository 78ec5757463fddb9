--- Shared folders: which there are and what is wrong with them, and for each of them who can do what,
-- through which group.
-- @module lastpass.nginx.dashboard.folders
local html = require "lastpass.nginx.dashboard.html"
local listing_room = require "lastpass.nginx.dashboard.listing"
local listing_page = require "lastpass.nginx.dashboard.listing_page"
local lists = require "lastpass.nginx.dashboard.lists"
local parts = require "lastpass.nginx.dashboard.parts"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

local M = {}

local MOST_ROWS = 2000

local figures = { read = true, write = true, administer = true, external = true }

local function findings(list)
  local items = {}
  for place, finding in ipairs(list) do
    items[place] = { place > 1 and " ", html.span({ class = "mark bad" }, finding) }
  end
  return #items > 0 and items or html.span({ class = "quiet" }, "none")
end

local function row(call, line)
  return {
    html.a({ href = call:url("folder", { { "id", line.folder_id } }) }, html.bdi(line.name)),
    text.count(line.read),
    text.count(line.write),
    text.count(line.administer),
    text.count(line.external),
    findings(line.findings),
  }
end

local columns = {
  { "name", "Folder", "name" },
  { "read", "Read", "number minor" },
  { "write", "Write", "number minor" },
  { "administer", "Administer", "number minor" },
  { "external", "External", "number minor" },
  { nil, "Findings" },
}

local function items_of(call, access)
  return call:among("folders", "", 1, function()
    for _, line in ipairs(access.folders) do
      line.order = line.folder_id
    end
    return access.folders
  end)
end

-- Internal or not is a guess from the addresses of admins, and is said to be one.
local function domains(access)
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
  local listing = listing_room.find(call, "folders", items_of(call, access), figures)
  return listing_page.show(call, listing, {
    section = "folders",
    title = "Shared folders",
    one = "folder",
    hint = "They appear here once somebody shares one.",
    caption = "People who can read, write and administer; each by the most they can",
    columns = columns,
    row = row,
    note = domains(access),
  })
end

local function account(right)
  if right.account == "none" then
    return html.span({ class = "quiet" }, "not of this company")
  elseif right.account == "disabled" then
    return html.span({ class = "mark bad" }, "disabled")
  end
  return right.account
end

local function person_row(call, right)
  local name = parts.email(right.email)
  if right.account ~= "none" then
    name = html.a({ href = call:url("person", { { "email", right.email } }) }, name)
  end
  return {
    { name, right.external and html.join(" ", html.span({ class = "mark bad" }, "external")) },
    right.right,
    right.group and html.a(
      { href = call:url("people", { { "group", right.group } }) },
      html.bdi(right.group)
    ) or right.super_admin and "super admin" or "directly",
    right.sees_passwords and "yes" or "no",
    account(right),
    right.mfa or (right.account == "active" and "none" or "–"),
  }
end

local function rights_table(call, rights)
  local rows = {}
  for place = 1, math.min(#rights, MOST_ROWS) do
    rows[place] = person_row(call, rights[place])
  end
  local caption = text.plural(#rights, "right")
  if #rights > MOST_ROWS then
    caption = ("The first %s of %s"):format(text.count(MOST_ROWS), caption)
  end
  return parts.table("rights-table", caption, {
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
        parts.figures {
          { "Read", text.count(line.read), "and no more" },
          { "Write", text.count(line.write), "and read" },
          { "Administer", text.count(line.administer), "and write" },
          { "External", text.count(line.external), "from outside" },
          { "Score", line.score and values.shown(line.score, "score") or "–", "of 100" },
        },
        html.p("Findings: ", findings(line.findings))
      ),
      parts.section(
        "rights",
        "Who can do what",
        #rights > 0 and rights_table(call, rights)
          or lists.empty("Nobody", "Nobody has access to this folder."),
        domains(access)
      )
    ),
  }
end

return M
