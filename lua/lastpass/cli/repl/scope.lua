--- What has a name at the prompt: client, users, groups, folders, events, plan, sandbox, lastpass.
-- @module lastpass.cli.repl.scope
local interrupts = require "lastpass.cli.repl.interrupts"
local listing = require "lastpass.cli.repl.listing"

local M = {}

--- The names, and what they are for people.
M.names = {
  { "client", "the company: client:users(), client:user(address), client:batchadd{…}" },
  { "users", 'everybody; users{ disabled = true }, users["ann@acme.com"], #users' },
  { "groups", 'all groups; groups["Finance"] is one' },
  { "folders", "shared folders and who may use them" },
  { "events", 'audit events of a day; events{ from = "-7d", user = "ann@acme.com" }' },
  { "plan", 'plan "playbook.lua" compares the company with a playbook; client:apply(it)' },
  { "sandbox", "the LastPass on this machine; without --sandbox, how to start one" },
  { "lastpass", "the module" },
}

local listed = { "users", "groups", "folders", "events", "expired_passwords" }
local changed = {} -- tables of methods that are changed already

-- At the prompt the lists of every client can be shown, and an apply is not torn.
local function change_methods()
  local methods = require("lastpass").enterprise.methods
  if changed[methods] then
    return
  end
  changed[methods] = true
  for _, name in ipairs(listed) do
    local method = methods[name]
    methods[name] = function(...)
      return listing.new(name, method(...))
    end
  end
  interrupts.make_gentle(methods, require "lastpass.plan.client")
end

local function find_folder(folders, name)
  for _, folder in ipairs(listing.items(folders)) do
    if folder.name == name then
      return folder
    end
  end
  return nil
end

-- A name alone cannot say why there is nothing, so it raises the error.
local function need(value, _, err)
  if value == nil then
    error(err, 0)
  end
  return value
end

local makers = {}

makers.users = function(client)
  return listing.collection("users", function(filter)
    return client():users(filter)
  end, function(address)
    return need(client():user(address))
  end)
end

makers.groups = function(client)
  return listing.collection("groups", function()
    return client():groups()
  end, function(name)
    return client():group(name)
  end)
end

makers.folders = function(client)
  local function read(options)
    return client():folders(options)
  end
  return listing.collection("folders", read, function(name)
    return find_folder(read(), name)
  end)
end

makers.events = function(client)
  return listing.collection("events", function(options)
    return client():events(options)
  end, function()
    return nil
  end)
end

makers.plan = function(client)
  return setmetatable({}, {
    __name = "lastpass.repl.plan",
    __call = function(_, playbook, options)
      return client():plan(playbook, options)
    end,
    __tostring = function()
      return 'plan "playbook.lua" makes a plan; client:apply(it) carries it out'
    end,
  })
end

--- Makes the globals of the prompt. What costs something is made when it is used first.
---@param options table connect: function that gives the client, or nil, message, err; box: the
-- sandbox that runs, if one does
---@return table environment
function M.new(options)
  local environment = {}

  local function client()
    return environment.client
  end

  local function make(name)
    if name == "client" then
      change_methods()
      return need(options.connect())
    elseif name == "lastpass" then
      change_methods()
      return require "lastpass"
    elseif name == "sandbox" then
      return options.box or require "lastpass.sandbox"
    end
    return makers[name] and makers[name](client)
  end

  return setmetatable(environment, {
    __index = function(_, name)
      local value = make(name)
      if value ~= nil then
        rawset(environment, name, value)
        return value
      end
      return _G[name]
    end,
  })
end

return M
