local check = require "spec.support.check"
local connection = require "lastpass.store.connection"
local location = require "lastpass.store.location"
local migrations = require "lastpass.store.migrations"
local support = require "spec.support.store"

describe("store.migrations", function()
  local folder, database, steps

  before_each(function()
    folder = support.folder()
    assert(location.prepare(folder .. "/x.db"))
    database = assert(connection.open_file(folder .. "/x.db", 1))
    steps = migrations.steps
  end)

  after_each(function()
    migrations.steps = steps
    database:close()
    support.remove(folder)
  end)

  local function rows(sql)
    return assert(database:read(function(open)
      return open:query(sql)
    end))
  end

  local function versions()
    local list = {}
    for index, row in ipairs(rows "SELECT {version} FROM lastpass_schema ORDER BY version") do
      list[index] = row.version
    end
    return list
  end

  local function all_versions()
    local list = {}
    for version = 1, #steps do
      list[version] = version
    end
    return list
  end

  -- The steps as they are, and more.
  local function steps_and(...)
    local list = {}
    for position, step in ipairs(steps) do
      list[position] = step
    end
    for _, step in ipairs { ... } do
      list[#list + 1] = step
    end
    return list
  end

  it("makes the tables once", function()
    assert.is_true(migrations.run(database))
    assert.is_true(migrations.run(database))
    assert.same(all_versions(), versions())
    local names = {}
    for index, row in
      ipairs(rows "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    do
      names[index] = row.name
    end
    assert.same({
      "lastpass_approvals",
      "lastpass_cursors",
      "lastpass_factors",
      "lastpass_jobs",
      "lastpass_locks",
      "lastpass_rates",
      "lastpass_runs",
      "lastpass_schema",
      "lastpass_scim_amounts",
      "lastpass_scim_claims",
      "lastpass_scim_connections",
      "lastpass_scim_members",
      "lastpass_scim_objects",
      "lastpass_scim_requests",
      "lastpass_scim_tokens",
      "lastpass_session_ends",
      "lastpass_snapshots",
      "lastpass_sources",
      "lastpass_state",
      "lastpass_steps",
      "lastpass_tenant_results",
      "lastpass_tenant_runs",
      "lastpass_tenants",
      "sqlite_sequence",
    }, names)
  end)

  it("brings older tables up to date, step by step", function()
    assert(migrations.run(database))
    migrations.steps = steps_and(
      { "ALTER TABLE lastpass_runs ADD COLUMN note TEXT" },
      { "UPDATE lastpass_runs SET note = 'x'", "CREATE INDEX i ON lastpass_runs (note)" }
    )
    assert.is_true(migrations.run(database))
    assert.equal(#steps + 2, #versions())
    rows "SELECT note FROM lastpass_runs"
  end)

  it("does all or nothing", function()
    assert(migrations.run(database))
    migrations.steps = steps_and(
      { "ALTER TABLE lastpass_runs ADD COLUMN note TEXT" },
      { "CREATE TABLE nonsense (" }
    )
    check.failure("protocol", "store_failed", migrations.run(database))
    assert.same(all_versions(), versions())
    assert.is_nil((database:read(function(open)
      return open:query "SELECT note FROM lastpass_runs"
    end)))
  end)

  it("keeps the steps of a journal that an older version wrote", function()
    local first = {}
    for position = 1, 2 do
      first[position] = steps[position]
    end
    migrations.steps = first
    assert(migrations.run(database))
    rows(
      "INSERT INTO lastpass_steps "
        .. "(run, number, kind, subject, state, attempt, intended_at, touched_at) "
        .. "VALUES (1, 1, 'disable', 'ann@acme.example', 'intended', 1, 7, 7)"
    )
    migrations.steps = steps
    assert.is_true(migrations.run(database))
    local row = rows("SELECT state, {intended_at}, {doubt_until}, {lost} FROM lastpass_steps")[1]
    assert.same({ state = "intended", intended_at = 7 }, row)
  end)

  it("refuses tables of a newer version", function()
    assert(migrations.run(database))
    migrations.steps = {}
    local err = check.failure("argument", "store_newer", migrations.run(database))
    local text = ("tables of version %d, this one knows 0"):format(#steps)
    assert.matches(text, err.message, 1, true)
    assert.truthy(err.hint)
  end)

  it("leaves other programs' tables alone", function()
    assert(database:transaction(function(open)
      return open:query "CREATE TABLE runs (id INTEGER)"
    end))
    assert.is_true(migrations.run(database))
    assert.same({}, rows "SELECT id FROM runs")
  end)
end)
