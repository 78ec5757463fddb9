-- plan.lua mapping|rows DIRECTORY CSV: what has to change so that a directory becomes what an HR
-- file says, by a playbook. The directory is read from its file, the HR file by a mapping of its columns
-- or row by row by a Lua function.
local directory = require "lastpass.directory.snapshot"
local playbook = require "lastpass.plan.playbook"
local setup = require "bench.work.setup"
local steps = require "lastpass.plan.steps"
local time = require "lastpass.time"

-- The two ways in which a playbook says what a source has.
local ways = {}

function ways.mapping(hr, p)
  p.users(hr, {
    email = "email",
    fullname = "name",
    groups = { "department", "project" },
    active = { field = "status", active = { "active" }, inactive = { "terminated" } },
  })
end

function ways.rows(hr, p)
  for person in hr:rows() do
    p.user(person.email) {
      fullname = person.name,
      groups = { person.department, person.project },
      active = p.status(person.status, { active = { "active" }, inactive = { "terminated" } }),
    }
  end
end

local begin = setup.now()
local snapshot = directory.new({}, setup.read_rows(arg[2]))
local declared = assert(playbook.run(function(p)
  ways[arg[1]](p.source.csv(arg[3]), p)
end, { zone = time.zone(), now = time.now() }))
assert(playbook.sources(declared)[1].complete)
local totals = steps.compute(declared, snapshot).totals
setup.report("seconds", setup.now() - begin)
for _, name in ipairs { "create", "name", "join", "leave", "enable", "disable", "missing" } do
  setup.report(name, totals[name])
end
