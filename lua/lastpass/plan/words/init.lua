--- The words of a playbook: what its environment has beside Lua's own library.
-- @module lastpass.plan.words
local dates = require "lastpass.plan.words.dates"
local people = require "lastpass.plan.words.people"
local schedule = require "lastpass.plan.words.schedule"
local settings = require "lastpass.plan.words.settings"
local sources = require "lastpass.plan.words.sources"
local status = require "lastpass.plan.words.status"
local user_room = require "lastpass.plan.words.user"

local M = {}

--- Makes the words.
---@param context table declared, reading, playbook {name, chunks}, folder, zone, now
---@return table<string, any> words
---@return fun(): string|nil unfinished a person who was named and not declared
function M.new(context)
  local user, unfinished = user_room.new(context)
  return {
    user = user,
    users = sources.users(context),
    source = sources.source(context),
    group = people.group(context),
    protect = people.protect(context),
    owner = people.owner(context),
    missing = settings.missing(context),
    limit = settings.limit(context),
    only = settings.only(context),
    match = settings.match(context),
    rename = settings.rename(context),
    reason = settings.reason(context),
    status = status.status(context),
    until_date = dates.until_date(context),
    every = schedule.every(context),
    at = schedule.at(context),
  },
    unfinished
end

return M
