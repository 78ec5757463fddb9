--- The list of groups, with how many of each have no second factor.
-- @module lastpass.nginx.dashboard.groups
local html = require "lastpass.nginx.dashboard.html"
local listing_room = require "lastpass.nginx.dashboard.listing"
local listing_page = require "lastpass.nginx.dashboard.listing_page"
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

local columns = {
  { "name", "Group", "name" },
  { "members", "Members", "number" },
  { "without", "Without multifactor", "number" },
  { "share", "Share", "number" },
}

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; or part (the list alone)
function M.show(call)
  local listing = listing_room.find(call, "groups", items_of(call, call:index()), figures)
  return listing_page.show(call, listing, {
    section = "groups",
    title = "Groups",
    one = "group",
    hint = "Groups appear here once somebody is in them.",
    caption = "Groups; somebody in two is counted in both",
    columns = columns,
    row = row,
  })
end

return M
