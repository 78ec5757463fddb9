--- Evidence: what LastPass answered, what it means, and a signature, in a folder for an auditor.
--
--     local evidence = report.evidence
--     assert(evidence.new_key "evidence.key")                     -- once; evidence.key.pub is the public one
--     assert(evidence.write(acme, "2026-q2", { key = "evidence.key", events = "2026-04-01" }))
--     print(evidence.verify("2026-q2", "evidence.key.pub"))
-- @module lastpass.report.evidence
local bundles = require "lastpass.report.evidence.bundle"
local collect = require "lastpass.report.evidence.collect"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local manifest = require "lastpass.report.evidence.manifest"
local result = require "lastpass.report.result"
local signature = require "lastpass.signature"
local time = require "lastpass.time"

local M = {}

local options_of_write = {
  key = "string",
  events = { "string", "number" },
  to = { "string", "number" },
  keep_attributes = "table",
  reports = "table",
}

local function check_options(options)
  options = errors.check_options("evidence.write", options, options_of_write, 3)
  if not options.key then
    errors.raise(3, "evidence.write: needs the option 'key', the path of an Ed25519 private key")
  end
  for position, report in ipairs(options.reports or {}) do
    if not result.is(report) then
      errors.raise(3, "evidence.write: reports[%d] must be a report", position)
    end
  end
  return options
end

local function add_reports(list, reports)
  for position, report in ipairs(reports or {}) do
    for _, format in ipairs { "csv", "json" } do
      local path = ("reports/%02d-%s.%s"):format(position, report.name, format)
      list[#list + 1] = { path = path, text = report:render(format) }
    end
  end
end

--- Everything of a company that goes into a bundle, but the manifest.
---@param client lastpass.Client
---@param options table events, to, keep_attributes, reports: as of `write`
---@return table[]|nil list {path, text}
---@return table|string found account, read_at; or the message
---@return lastpass.Error? err
function M.contents(client, options)
  local found, message, err = collect.run(client, options)
  if not found then
    return nil, message, err
  end
  local list = {}
  for _, reply in ipairs(found.replies) do
    list[#list + 1] = { path = reply.path, text = reply.text }
  end
  local counts = collect.add_tables(list, found)
  list[#list + 1] = { path = "queries.json", text = json.encode(found.queries) .. "\n" }
  list[#list + 1] = { path = "counts.json", text = json.encode(counts) .. "\n" }
  add_reports(list, options.reports)
  found.counts = counts
  return list, found
end

--- Writes a bundle: replies/ (what LastPass answered, the values of attributes and what looks like a
-- secret in events replaced), tables/ (the same as CSV), queries.json, counts.json, reports/, and
-- manifest.json with the SHA-256 of each file, signed in manifest.sig. The same answers at the same
-- time give the same bytes.
---@param client lastpass.Client
---@param folder string must be empty or not there yet
---@param options table key (path of an Ed25519 private key, PEM, mode 600; required), events (where
-- audit events begin, as of `client:events`; none without it), to (where they end), keep_attributes
-- (list of names of attributes whose values stay), reports (list of reports to put in)
---@return table|nil manifest
---@return string? message
---@return lastpass.Error? err code "unsafe_file", "bad_key", "no_openssl", "not_empty", …
function M.write(client, folder, options)
  if folder == "" then
    errors.raise(2, "evidence.write: needs the path of a folder")
  end
  options = check_options(options)
  client = type(client) == "table" and rawget(client, "_target") or client
  local ok, message, err = manifest.public_key(options.key) -- before anything is asked
  local list, found, bundle
  if ok then
    list, found, err = M.contents(client, options)
    message = found
  end
  if list then
    bundle, message, err = bundles.begin(folder, options.key)
  end
  if bundle then
    ok, message, err = bundle:add_all(list)
    if ok then
      return bundle:finish { account = found.account, read_at = time.iso(found.read_at) }
    end
  end
  return nil, message, err
end

--- Checks a bundle: the signature of the manifest, and each file by its SHA-256.
---@param folder string
---@param public_key string path of the Ed25519 public key (PEM), known from elsewhere than the bundle
---@return table|nil manifest nil when anything was changed
---@return string? message names the file
---@return lastpass.Error? err code "evidence_changed": `changed`, `missing`, `added` list files
function M.verify(folder, public_key)
  return manifest.verify(folder, public_key)
end

--- Makes a key pair: the private key in `path` (mode 600), the public one in `path`.pub.
---@param path string no file may exist there
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "key_exists", "no_openssl", "cannot_write"
function M.new_key(path)
  if path == "" then
    errors.raise(2, "evidence.new_key: needs the path of a file")
  end
  return manifest.new_key(path)
end

signature.declare("evidence.", M, {
  contents = "client: table, options: table",
  write = "client: table, folder: string, options?: table",
  verify = "folder: string, public_key: string",
  new_key = "path: string",
})

return M
