-- plan.lua mapping|rows DIRECTORY CSV: what has to change so that a directory becomes what an HR
-- file says. The directory is read from its file, the HR file by a mapping of its columns or row by
-- row by a Lua function.
local core = require "lastpass.core"
local lastpass = require "lastpass"
local setup = require "bench.work.setup"

local PIECE = 2 ^ 18

local function read_directory(name)
  local snapshot = core.snapshot()
  local file = assert(io.open(name, "rb"))
  for piece in
    function()
      return file:read(PIECE)
    end
  do
    assert(snapshot:feed(piece))
  end
  file:close()
  assert(snapshot:finish())
  return snapshot:seal()
end

local ways = {}

function ways.mapping(people, wanted)
  assert(people:feed(wanted, {
    email = "email",
    fullname = "name",
    groups = { "department", "project" },
    active = { field = "status", inactive = { "terminated" } },
  }, 1))
end

function ways.rows(people, wanted)
  for person in people:rows() do
    assert(
      wanted:add(
        person.email,
        person.name,
        { person.department, person.project },
        person.status ~= "terminated",
        1,
        person.origin.line
      )
    )
  end
end

setup.now()
local begin = setup.now()
local snapshot = read_directory(arg[2])
local people = assert(lastpass.source.csv(arg[3]))
local wanted = core.wanted()
ways[arg[1]](people, wanted)
assert(people.proof.complete)
local changes = core.diff(wanted, snapshot)
local totals = changes:totals()
setup.tell("seconds", setup.now() - begin)
for _, name in ipairs { "create", "name", "join", "leave", "enable", "disable", "missing" } do
  setup.tell(name, totals[name])
end
