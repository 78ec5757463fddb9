--- docs/saml-conformance.md: the checks of a service provider, and the cases that try them, as spec/saml/hostile has them.
local checks = require "lastpass.saml.checks"
local hostile = require "spec.saml.hostile"
local messages = require "spec.saml.hostile_messages"

local M = {}

local titles = {
  transport = "How a message comes",
  xml = "XML",
  entities = "DOCTYPE and entities",
  wrapping = "Signature wrapping",
  signature = "Signatures",
  references = "References and transforms",
  algorithms = "Algorithms",
  encryption = "Encryption",
  meaning = "What a message says",
  times = "Times, and once",
  requests = "Requests to sign on, that an identity provider gets",
  logouts = "Requests to end sessions, that it gets",
  answers = "Answers to its own requests to end sessions",
}

local function cell(text)
  return (text:gsub("[%c]", " "):gsub("[|\\<>*_`]", "\\%0"))
end

local function option_text(case)
  local parts = {}
  for _, list in ipairs { case.options or {}, case.login or {} } do
    local names = {}
    for name in pairs(list) do
      names[#names + 1] = name
    end
    table.sort(names)
    for _, name in ipairs(names) do
      parts[#parts + 1] = "`" .. name .. "`"
    end
  end
  return table.concat(parts, ", ")
end

local function check_rows(counts)
  local lines = {
    "| check | code | refuses because | cases |",
    "| --- | --- | --- | ---: |",
  }
  for _, row in ipairs(checks.list) do
    if row.check or counts[row.code] then
      lines[#lines + 1] = ("| %s | `%s` | %s | %s |"):format(
        row.section:gsub("^saml ", ""),
        row.code,
        cell(row.sentence),
        counts[row.code] or "–"
      )
    end
  end
  return lines
end

local function case_rows(part, cases)
  local lines = {
    "",
    "## " .. titles[part],
    "",
    "| case | options | verdict | check |",
    "| --- | --- | --- | --- |",
  }
  for _, case in ipairs(cases) do
    if case.part == part then
      local row = checks.of(case.code)
      lines[#lines + 1] = ("| %s | %s | %s | %s |"):format(
        cell(case.name),
        option_text(case),
        row and "`" .. case.code .. "`" or "accepted",
        row and row.section:gsub("^saml ", "") or ""
      )
    end
  end
  return lines
end

local HEAD = [[
# SAML: conformance of the service provider

<!-- made by docs/conformance.lua (make docs) from spec/saml/hostile; do not edit -->

What a service provider has to check stands in [saml-protocol.md](saml-protocol.md), section 3.
Each check has codes of its own, and each code at least one message that must be refused for that
reason and for no other. `spec/saml/hostile_spec.lua` sends every message of this page, with keys
that are made when it runs, and compares the code; it also sends random combinations of them.
`spec/saml/steps_needed_spec.lua` takes out one check after the other: without any of them some
message gets another verdict. The messages are written and signed by code of the specs alone
(OpenSSL), and those that are accepted are shown to two other verifiers, node-saml and
python3-onelogin-saml2 (`spec/peers/saml_second_opinion_spec.lua`), in the longest run those that
are refused as well: where they differ, the difference has a name there.

%d messages: %d are refused, %d are accepted, so that no check refuses more than it should. A dash
stands for codes that none of them shows; their specs are beside the modules. What an identity
provider of this module refuses is at the end (`spec/saml/hostile_messages_spec.lua`).

]]

--- The page.
---@return string
function M.text()
  local counts, accepted, total, parts, rows = {}, 0, 0, {}, {}
  for _, cases in ipairs { hostile.cases, messages.cases } do
    for _, case in ipairs(cases) do
      total = total + 1
      if case.code == "accepted" then
        accepted = accepted + 1
      else
        counts[case.code] = (counts[case.code] or 0) + 1
      end
      if not rows[case.part] then
        rows[case.part] = case_rows(case.part, cases)
        parts[#parts + 1] = case.part
      end
    end
  end
  local lines = check_rows(counts)
  for _, part in ipairs(parts) do
    for _, line in ipairs(rows[part]) do
      lines[#lines + 1] = line
    end
  end
  return HEAD:format(total, total - accepted, accepted) .. table.concat(lines, "\n") .. "\n"
end

return M
