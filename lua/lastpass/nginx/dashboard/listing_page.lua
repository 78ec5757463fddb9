--- The page of a listing: a field to search by, the table, the ways to further pages.
-- @module lastpass.nginx.dashboard.listing_page
local form = require "lastpass.nginx.dashboard.form"
local html = require "lastpass.nginx.dashboard.html"
local listing_room = require "lastpass.nginx.dashboard.listing"
local lists = require "lastpass.nginx.dashboard.lists"
local parts = require "lastpass.nginx.dashboard.parts"
local text = require "lastpass.text"

local M = {}

---@class lastpass.nginx.dashboard.ListingPage
---@field section string   of the menu, and of the address
---@field title string
---@field one string       "group"
---@field hint string      what to know where there is none at all
---@field caption string
---@field columns table[]  {field, title, class}, or {nil, title} where nothing is sorted by it
---@field row fun(call, item): any[] cells
---@field note? any        below the list

local function empty(call, listing, what)
  if listing.q == "" then
    return lists.empty("There are no " .. what.title:lower(), what.hint)
  end
  local all = html.a({ href = call:url(what.section) }, "Show all " .. what.one .. "s")
  return lists.empty("No " .. what.one .. " fits", all)
end

local function results(call, listing, what)
  local page = listing.page
  if page.count == 0 then
    return lists.results(text.plural(0, what.one), empty(call, listing, what))
  end
  local rows, columns = {}, {}
  for at = page.first, page.last do
    rows[#rows + 1] = what.row(call, listing.items[at])
  end
  for place, column in ipairs(what.columns) do
    local field, title, class = column[1], column[2], column[3]
    columns[place] = field and listing_room.column(listing, field, title, class)
      or { title = title, class = class }
  end
  return lists.results(
    lists.counted(page, what.one),
    parts.table(what.section .. "-table", what.caption, columns, rows),
    lists.pager(page, function(more)
      return listing_room.address(listing, more)
    end)
  )
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@param listing lastpass.nginx.dashboard.Listing
---@param what lastpass.nginx.dashboard.ListingPage
---@return table page title, section, main; or part (the list alone)
function M.show(call, listing, what)
  local list = results(call, listing, what)
  if call:is_part() then
    return { part = list }
  end
  return {
    title = what.title,
    section = what.section,
    main = html.join(
      parts.head(what.title, { meta = parts.freshness(call) }),
      parts.stale(call),
      html.section(
        { ["aria-label"] = "List of " .. what.one .. "s" },
        form.show(call:url(what.section), {
          form.search(listing.q, "Name of the " .. what.one),
          listing.sort ~= ""
            and html.input { type = "hidden", name = "sort", value = listing.sort },
        }, { one = true }),
        list,
        what.note
      )
    ),
  }
end

return M
