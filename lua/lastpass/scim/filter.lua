--- Filters of SCIM: read, written, built and compiled (RFC 7644 §3.4.2.2, with what real clients send: scim §2.5).
-- A filter is a tree of nodes:
--
--     { op = "and", a, b, … }   { op = "or", a, b, … }   { op = "not", a }
--     { op = "eq", path = path, value = "x" }            -- ne co sw ew gt lt ge le likewise
--     { op = "pr", path = path }
--     { op = "where", path = path }                      -- emails[type eq "work"]
--
-- A path is `{ urn = …, name = "emails", filter = node, sub = "value" }`. JSON's null is `json.null`.
-- @module lastpass.scim.filter
local errors = require "lastpass.error"
local failure = require "lastpass.scim.failure"
local grammar = require "lastpass.scim.grammar"
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"
local signature = require "lastpass.signature"

local M = {}

local MAX_LENGTH, MAX_DEPTH = 8192, 50

local function up_to(most)
  return function(value)
    return type(value) == "number" and value >= 1 and value <= most, "a number up to " .. most
  end
end

local known_options = {
  lenient = "boolean",
  max_length = up_to(grammar.MAX_LENGTH),
  max_depth = up_to(grammar.MAX_DEPTH),
}

local function read_with(rule, text, options, scim_type, what)
  options = options or {}
  local longest = options.max_length or MAX_LENGTH
  if #text > longest then
    return failure.fail(
      scim_type,
      ("the %s has %d bytes, and %d are the limit"):format(what, #text, longest)
    )
  end
  local result, problem = grammar.read(rule, text, options.lenient, options.max_depth or MAX_DEPTH)
  if result then
    return result
  end
  return failure.fail(
    problem.in_brackets and "invalidFilter" or scim_type,
    ("the %s cannot be read at character %d: %s"):format(what, problem.position, problem.message),
    { position = problem.position }
  )
end

--- Reads a filter.
---@param text string percent-decoded
---@param options? table `lenient`: values without quotes are strings, `True` is true (scim §2.5);
-- `max_length`: bytes, default 8192, at most 32768; `max_depth`: nested brackets, default 50, at most 250
---@return table|nil node
---@return string? message
---@return lastpass.Error? err code "invalid_filter", `scim_type` "invalidFilter", `position`
function M.parse(text, options)
  errors.check_options("filter.parse", options, known_options)
  return read_with("filter", text, options, "invalidFilter", "filter")
end

--- Reads the path of a PATCH operation: `members[value eq "x"]`, `emails[type eq "work"].value`, a schema's URN.
---@param text string
---@param options? table as of `parse`
---@return table|nil path `urn`, `name`, `filter`, `sub`
---@return string? message
---@return lastpass.Error? err code "invalid_path", or "invalid_filter" for what is inside the brackets
function M.path(text, options)
  errors.check_options("filter.path", options, known_options)
  return read_with("path", text, options, "invalidPath", "path")
end

-- ---- writing ----

local print_node

--- Writes a path.
---@param path table
---@return string
function M.print_path(path)
  local parts = { (path.urn or "") .. (path.urn and path.name and ":" or "") .. (path.name or "") }
  if path.filter then
    parts[#parts + 1] = "[" .. print_node(path.filter) .. "]"
  end
  if path.sub then
    parts[#parts + 1] = "." .. path.sub
  end
  return table.concat(parts)
end

local function print_list(node)
  local parts = {}
  for index, part in ipairs(node) do
    local needs_brackets = node.op == "and" and part.op == "or"
    parts[index] = needs_brackets and "(" .. print_node(part) .. ")" or print_node(part)
  end
  return table.concat(parts, " " .. node.op .. " ")
end

function print_node(node)
  if node.op == "and" or node.op == "or" then
    return print_list(node)
  elseif node.op == "not" then
    return "not (" .. print_node(node[1]) .. ")"
  elseif node.op == "where" then
    return M.print_path(node.path)
  elseif node.op == "pr" then
    return M.print_path(node.path) .. " pr"
  end
  return ("%s %s %s"):format(M.print_path(node.path), node.op, json.encode(node.value))
end

--- Writes a filter as the RFC has it.
---@param node table
---@return string text `parse` gives the same nodes for it
function M.print(node)
  return print_node(node)
end

-- ---- building ----

local comparisons = errors.set_of { "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le" }

local function path_of(where, path)
  if type(path) == "table" then
    return path
  end
  local parsed, message = M.path(path)
  if not parsed then
    errors.raise(4, "%s: %s", where, message)
  end
  return parsed
end

--- A comparison. What the value says can never become part of the filter's structure.
---@param path string|table
---@param op string "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le"
---@param value any a string, a number, a boolean or `json.null`
---@return table node
function M.compare(path, op, value)
  if not comparisons[op] then
    errors.raise(
      2,
      "filter.compare: unknown operator '%s'%s",
      op,
      errors.did_you_mean(op, errors.names_of(comparisons))
    )
  elseif type(value) == "table" or type(value) == "function" then
    errors.raise(2, "filter.compare: a %s is no value", type(value))
  elseif type(value) == "number" and math.abs(value) > 2 ^ 53 then
    errors.raise(2, "filter.compare: the number is too large")
  end
  json.encode(value) -- raises for what JSON cannot say
  return { op = op, path = path_of("filter.compare", path), value = value }
end

--- An attribute is a value.
---@param path string|table
---@param value any
---@return table node
function M.eq(path, value)
  return M.compare(path, "eq", value)
end

--- An attribute is present.
---@param path string|table
---@return table node
function M.present(path)
  return { op = "pr", path = path_of("filter.present", path) }
end

local function joined(op, nodes)
  local list = grammar.join(op, nodes)
  if not list then
    errors.raise(3, "filter.%s: no filters are given", op == "and" and "all" or "any")
  end
  return list
end

--- All of some filters.
---@param nodes table[] at least one
---@return table node
function M.all(nodes)
  return joined("and", nodes)
end

--- Any of some filters.
---@param nodes table[] at least one
---@return table node
function M.any(nodes)
  return joined("or", nodes)
end

--- The opposite of a filter.
---@param node table
---@return table node
function M.negate(node)
  return { op = "not", node }
end

-- ---- evaluating ----

--- Makes a test of a filter.
---@param node table
---@param type_of lastpass.scim.Type
---@param options? table `unknown`: what an attribute is that the type has not, "refuse" (default: a failure) or
-- "absent" (it has no value, as at the root of a server); `lenient`: values of another type are converted
---@return (fun(resource: table): boolean)|nil test for resources in canonical form
---@return string? message
---@return lastpass.Error? err code "invalid_filter"
function M.compile(node, type_of, options)
  return require("lastpass.scim.evaluate").compile(node, type_of, options)
end

local function equality_of(node, type_of, wanted)
  local path, value = node.path, node.value
  if node.op == "where" and path.filter.op == "eq" then
    path, value =
      { urn = path.urn, name = path.name, sub = path.filter.path.name }, path.filter.value
  elseif node.op ~= "eq" or path.filter then
    return nil
  end
  if type(value) == "userdata" then
    return nil
  end
  local name
  if type_of then
    local found = schema.find(type_of, path)
    if not found then
      return nil
    end
    local subs = found.attribute.multi and found.attribute.sub
    local sub = found.sub or subs and subs.value and "value"
    name = (found.extension and found.urn .. ":" or "") .. found.name .. (sub and "." .. sub or "")
  else
    name = M.print_path(path)
  end
  return (not wanted or wanted[name]) and { attribute = name, value = value } or nil
end

--- The equality that every match of a filter fulfils, for an index: the filter itself, or one that stands in it
-- by `and`. The filter must still be evaluated on what the index gives.
---@param node table
---@param type_of? lastpass.scim.Type names are in its spelling then, and "emails" is "emails.value"
---@param names? string[] attributes that have an index, the best first; default: any
---@return {attribute: string, value: any}|nil
function M.equality(node, type_of, names)
  local found
  local wanted = names and errors.set_of(names)
  for _, part in ipairs(node.op == "and" and node or { node }) do
    local equality = equality_of(part, type_of, wanted)
    if equality and not names then
      return equality
    elseif equality then
      found = found or {}
      found[equality.attribute] = found[equality.attribute] or equality
    end
  end
  for _, name in ipairs(found and names or {}) do
    if found[name] then
      return found[name]
    end
  end
  return nil
end

return signature.declare("scim.filter.", M, {
  parse = "text: string, options?: table",
  path = "text: string, options?: table",
  print = "node: table",
  print_path = "path: table",
  compare = "path: string|table, op: string, value: any",
  eq = "path: string|table, value: any",
  present = "path: string|table",
  all = "nodes: table",
  any = "nodes: table",
  negate = "node: table",
  compile = "node: table, type: table, options?: table",
  equality = "node: table, type?: table, names?: table",
})
