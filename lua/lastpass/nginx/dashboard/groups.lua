--- The list of groups, with how many of each have no second factor.
-- @module lastpass.nginx.dashboard.groups
local html = require "lastpass.html"
local listing = require "lastpass.nginx.dashboard.listing"
local parts = require "lastpass.nginx.dashboard.parts"
local text = require "lastpass.text"

local M = {}

local figures = { members = true, without = true, share = true }

local columns = {
  { "name", "Group", "name" },
  { "members", "Members", "number" },
  { "without", "Without multifactor", "number" },
  { "share", "Share", "number" },
}

local function items_of(call)
  local index = call:index()
  return call:among("groups", "", 1, function()
    local items = {}
    for position, group in ipairs(index.counts.groups) do
      items[position] = {
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

local function row_of(call, group)
  local without = { { "status", "can_log_in" }, { "mfa", "no" }, { "group", group.name } }
  return {
    parts.people(call, html.bdi(group.name), { { "group", group.name } }),
    text.count(group.members),
    group.without > 0 and parts.people(call, text.count(group.without), without) or "0",
    parts.share(group.without, group.can_log_in),
  }
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; or part (the list alone)
function M.show(call)
  return listing.show(listing.find(call, "groups", items_of(call), figures), {
    section = "groups",
    title = "Groups",
    one = "group",
    hint = "Groups appear here once somebody is in them.",
    caption = "Groups; somebody in two is counted in both",
    columns = columns,
    row = row_of,
    csv = {
      { name = "name" },
      { name = "members" },
      { name = "can_log_in" },
      { name = "without" },
      { name = "share", kind = "share" },
    },
  })
end

return M
