--- What the commands over the REST API share: the company's client of it, and lists that its iterators raise about.
-- @module lastpass.cli.rest
local failure = require "lastpass.cli.failure"

local M = {}

--- The client of the company's REST API; a failure is raised, and reported by the program.
---@param session lastpass.cli.Session
---@return lastpass.business.Client
function M.client(session)
  return failure.must(session:client():rest())
end

--- A list, read to its end; what fails is raised.
---@param each fun(): table|nil
---@return table[]
function M.all(each)
  local list = {}
  for row in each do
    list[#list + 1] = row
  end
  return list
end

--- A view with the further fields that rows have: not all fields of these lists are documented, and none is to be lost.
---@param name string of `lastpass.cli.views`
---@param rows table[]
---@return lastpass.cli.View
function M.view(name, rows)
  local view, known, more = {}, {}, {}
  for key, value in pairs(require("lastpass.cli.views")[name]) do
    view[key] = value
  end
  for _, field in ipairs(view.fields) do
    known[field] = true
  end
  for _, row in ipairs(rows) do
    for field in pairs(row) do
      if type(field) == "string" and not known[field] then
        known[field], more[#more + 1] = true, field
      end
    end
  end
  table.sort(more)
  view.fields = require("lastpass.cli.values").join(view.fields, more)
  return view
end

--- Shows such a list.
---@param session lastpass.cli.Session
---@param name string of `lastpass.cli.views`
---@param rows table[]
---@return integer code
function M.show(session, name, rows)
  session:show(M.view(name, rows), rows)
  return 0
end

--- The lines of Lua that print each row of a list.
---@param call string "managed_companies { status = \"active\" }"
---@param what string what is printed of one
---@return string
function M.loop(call, what)
  return ("for one in assert(client:rest()):%s do print(%s) end"):format(call, what)
end

return M
