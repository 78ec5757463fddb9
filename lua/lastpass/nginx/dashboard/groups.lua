--- The list of groups, with how many of each have no second factor.
-- @module lastpass.nginx.dashboard.groups
local form = require "lastpass.nginx.dashboard.form"
local html = require "lastpass.nginx.dashboard.html"
local listing_room = require "lastpass.nginx.dashboard.listing"
local lists = require "lastpass.nginx.dashboard.lists"
local parts = require "lastpass.nginx.dashboard.parts"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

local M = {}

local figures = { members = true, without = true, share = true }

local function items_of(call, index)
  return call:among("groups", "", 1, function()
    local items = {}
    for place, group in ipairs(index.tally.groups) do
      items[place] = {
        name = group.name,
        key = group.key,
        order = group.name,
        members = group.members,
        can_log_in = group.can_log_in,
        without = group.without,
        share = group.can_log_in > 0 and group.without / group.can_log_in or 0,
      }
    end
    return items
  end)
end

local function row(call, group)
  local href = call:url("people", { { "group", group.name } })
  local without = call:url("people", {
    { "status", "can_log_in" },
    { "mfa", "no" },
    { "group", group.name },
  })
  return {
    html.a({ href = href }, html.bdi(group.name)),
    text.count(group.members),
    group.without > 0 and html.a({ href = without }, text.count(group.without)) or "0",
    group.can_log_in > 0 and values.shown(group.share, "share") or "–",
  }
end

local function results(call, listing)
  if listing.page.count == 0 then
    local is_search = listing.q ~= ""
    return lists.results(
      text.plural(0, "group"),
      lists.empty(
        is_search and "No group fits" or "There are no groups",
        is_search and html.a({ href = call:url "groups" }, "Show all groups")
          or "Groups appear here once somebody is in them."
      )
    )
  end
  local rows = {}
  for at = listing.page.first, listing.page.last do
    rows[#rows + 1] = row(call, listing.items[at])
  end
  return lists.results(
    lists.counted(listing.page, "group"),
    parts.table("groups-table", "Groups; somebody in two is counted in both", {
      listing_room.column(listing, "name", "Group", "name"),
      listing_room.column(listing, "members", "Members", "number"),
      listing_room.column(listing, "without", "Without multifactor", "number"),
      listing_room.column(listing, "share", "Share", "number"),
    }, rows),
    lists.pager(listing.page, function(more)
      return listing_room.address(listing, more)
    end)
  )
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; or part (the list alone)
function M.show(call)
  local listing = listing_room.find(call, "groups", items_of(call, call:index()), figures)
  local list = results(call, listing)
  if call:is_part() then
    return { part = list }
  end
  return {
    title = "Groups",
    section = "groups",
    main = html.join(
      parts.head("Groups", { meta = parts.freshness(call) }),
      parts.stale(call),
      html.section(
        { ["aria-label"] = "List of groups" },
        form.show(call:url "groups", {
          form.search(listing.q, "Name of the group"),
          listing.sort ~= ""
            and html.input { type = "hidden", name = "sort", value = listing.sort },
        }, { one = true }),
        list
      )
    ),
  }
end

return M
