--- What has a name at the prompt (client, users, groups, folders, events, plan, scim, sandbox, lastpass), and
-- the lists that these names stand for.
-- @module lastpass.cli.repl.scope
local interrupts = require "lastpass.cli.repl.interrupts"

local M = {}

-- ------------------------------------------------------------------ lists

---@class lastpass.repl.Listing
local listing_mt = { __name = "lastpass.repl.Listing" }

--- All of a listing, read to its end.
---@param listing lastpass.repl.Listing
---@return any[]
function M.items(listing)
  local items = rawget(listing, "_items")
  if not items then
    items = {}
    for item in rawget(listing, "_next") do
      items[#items + 1] = item
    end
    rawset(listing, "_items", items)
  end
  return items
end

function listing_mt.__index(listing, key)
  if type(key) == "number" then
    return M.items(listing)[key]
  end
  return nil
end

function listing_mt.__len(listing)
  return #M.items(listing)
end

-- One step of a `for`.
function listing_mt.__call(listing)
  local items = rawget(listing, "_items")
  if not items then
    return rawget(listing, "_next")()
  end
  local position = (rawget(listing, "_position") or 0) + 1
  rawset(listing, "_position", position)
  return items[position]
end

function listing_mt.__tostring(listing)
  return ("%s (%d)"):format(rawget(listing, "_kind"), #M.items(listing))
end

--- Wraps an iterator of a client: still one for `for`, and also something that can be shown, indexed and counted.
---@param kind string "users", "groups", "folders", "events", "expired_passwords"
---@param iterator fun(): any
---@return lastpass.repl.Listing
function M.new_listing(kind, iterator)
  return setmetatable({ _kind = kind, _next = iterator }, listing_mt)
end

--- Which kind of objects a value lists, or nil.
---@param value any
---@return string|nil
function M.kind(value)
  return type(value) == "table" and getmetatable(value) == listing_mt and rawget(value, "_kind")
    or nil
end

---@class lastpass.repl.Collection
local collection_mt = { __name = "lastpass.repl.Collection" }

function collection_mt.__index(collection, key)
  if type(key) == "number" then
    return rawget(collection, "_read")()[key]
  end
  return rawget(collection, "_one")(key)
end

function collection_mt.__len(collection)
  return #rawget(collection, "_read")()
end

-- `for` calls with two arguments, a person with none or one: so `for user in users do` works too.
function collection_mt.__call(collection, ...)
  if select("#", ...) < 2 then
    return rawget(collection, "_read")(...)
  end
  local control = select(2, ...)
  if control == nil then
    rawset(collection, "_walk", rawget(collection, "_read")())
  end
  return rawget(collection, "_walk")()
end

function collection_mt.__tostring(collection)
  return rawget(collection, "_name")
end

--- A name of the prompt that means all objects of a kind: `users`, `users{…}`, `users[1]`,
-- `users["ann@acme.com"]`, `for user in users do`.
---@param name string
---@param read fun(filter?): lastpass.repl.Listing
---@param one fun(key): any what a name of one of them gives
---@return lastpass.repl.Collection
function M.new_collection(name, read, one)
  return setmetatable({ _name = name, _read = read, _one = one }, collection_mt)
end

--- Whether a value is a listing or a collection.
---@param value any
---@return boolean
function M.is_many(value)
  local metatable = type(value) == "table" and getmetatable(value)
  return metatable == listing_mt or metatable == collection_mt
end

--- All of a collection, as a listing; nil for any other value.
---@param value any
---@return lastpass.repl.Listing|nil
function M.everything(value)
  if type(value) == "table" and getmetatable(value) == collection_mt then
    return rawget(value, "_read")()
  end
  return nil
end

-- ------------------------------------------------------------------ names

--- The names, and what they are for people.
M.names = {
  { "client", "the company: client:users(), client:user(address), client:batchadd{…}" },
  { "users", 'all users; users{ disabled = true }, users["ann@acme.com"], #users' },
  { "groups", 'all groups; groups["Finance"] is one' },
  { "folders", "shared folders and who may use them" },
  { "events", 'audit events of a day; events{ from = "-7d", user = "ann@acme.com" }' },
  { "plan", 'plan "playbook.lua" compares the company with a playbook; client:apply(it)' },
  { "scim", "the company over SCIM: scim:user(address), for user in scim:users() do" },
  { "sandbox", "the LastPass on this machine; without --sandbox, how to start one" },
  { "lastpass", "the module" },
}

local listed = {
  enterprise = { "users", "groups", "folders", "events", "expired_passwords" },
  scim = { "users", "groups" },
}
local changed = {} -- tables of methods that are changed already

local function make_listings(methods, names)
  if changed[methods] then
    return false
  end
  changed[methods] = true
  for _, name in ipairs(names) do
    local method = methods[name]
    methods[name] = function(...)
      return M.new_listing(name, method(...))
    end
  end
  return true
end

-- At the prompt the lists of every client can be shown, and an apply is not interrupted midway.
local function change_methods()
  local methods = require("lastpass").enterprise.methods
  if make_listings(methods, listed.enterprise) then
    interrupts.make_gentle(methods, require "lastpass.plan.client")
  end
end

local function find_folder(folders, name)
  for _, folder in ipairs(M.items(folders)) do
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
  return M.new_collection("users", function(filter)
    return client():users(filter)
  end, function(address)
    return need(client():user(address))
  end)
end

makers.groups = function(client)
  return M.new_collection("groups", function()
    return client():groups()
  end, function(name)
    return client():group(name)
  end)
end

makers.folders = function(client)
  local function read(options)
    return client():folders(options)
  end
  return M.new_collection("folders", read, function(name)
    return find_folder(read(), name)
  end)
end

makers.events = function(client)
  return M.new_collection("events", function(options)
    return client():events(options)
  end, function()
    return nil
  end)
end

makers.scim = function(client)
  local endpoint = need(client():scim())
  make_listings(require("lastpass").scim.methods, listed.scim)
  return endpoint
end

makers.plan = function(client)
  return setmetatable({}, {
    __name = "lastpass.repl.plan",
    __call = function(_, playbook, options)
      return client():plan(playbook, options)
    end,
    __tostring = function()
      return 'plan "playbook.lua" makes a plan; client:apply(it) applies it'
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
