-- Runs once: nginx has its own LuaJIT.
-- A service provider of one's own inside nginx: in a dictionary of nginx its state is that of all workers, in a database that
-- of all machines. Of one assertion that is posted everywhere at once, one is taken.
local extent = require "spec.support.extent"
local json = require "lastpass.json"
local keys = require "spec.support.saml_keys"
local nginx = require "spec.support.nginx"
local pair = require "spec.support.saml_pair"
local percent = require "lastpass.text.percent"
local postgresql = require "spec.peers.postgresql"
local saml = require "lastpass.saml"
local secret = require "lastpass.secret"
local state = require "lastpass.state"
local support = require "spec.support.store"

local ROUNDS = extent(2, 6)
local OPERATIONS = { "add", "put", "get", "take", "advance", "increment" }

local INIT = [[
  lua_shared_dict saml_state 1m;
  lua_shared_dict small_state 16k;
  init_by_lua_block {
    local file = assert(io.open(ngx.config.prefix() .. "idp.xml"))
    local metadata = file:read "*a"
    file:close()
    saml = require "lastpass.saml"
    local state = require "lastpass.state"
    states = {
      dict = state.dict(ngx.shared.saml_state), small = state.dict(ngx.shared.small_state),
    }
    sp = saml.sp.new {
      entity_id = "https://app.example", acs_url = "https://app.example/acs",
      allow_unsolicited = true,
      idp = assert(saml.metadata.read(metadata)), store = %s,
    }
  }
]]

local SERVER = [[
  location = /acs {
    content_by_lua_block {
      ngx.req.read_body()
      local identity, message, err = sp:consume(ngx.req.get_body_data())
      ngx.print(identity and "accepted" or err.code)
    }
  }
  location = /state {
    content_by_lua_block {
      local json = require "lastpass.json"
      ngx.req.read_body()
      local call = json.decode(ngx.req.get_body_data())
      local one = states[call.which]
      local value, message, err = one[call.name](one, (table.unpack or unpack)(call.arguments))
      ngx.print(json.encode { value = value, message = message, code = err and err.code })
    }
  }
]]

describe("a service provider in nginx", function()
  local idp, running

  setup(function()
    idp = assert(saml.idp.new {
      entity_id = "https://idp.example",
      sso_url = "https://idp.example/sso",
      key = secret.value(keys.of("idp").pem),
      cert = keys.of("idp").certificate,
      sps = function()
        return {
          metadata = {
            entity_id = pair.SP,
            sp = {
              acs = {
                {
                  binding = saml.names.binding.post,
                  location = pair.ACS,
                  index = 0,
                  default = true,
                },
              },
              slo = {},
              certificates = { signing = {}, encryption = {} },
              name_id_formats = {},
              authn_requests_signed = false,
              want_assertions_signed = false,
            },
          },
        }
      end,
      store = state.memory(),
      attributes = { mail = "email" },
    })
    running = {}
  end)

  after_each(function()
    for _, server in ipairs(running) do
      server:stop()
    end
    running = {}
  end)

  local function start(store)
    local server = nginx.start {
      workers = 2,
      http = INIT:format(store),
      server = SERVER,
      files = { ["idp.xml"] = assert(idp:metadata()) },
    }
    running[#running + 1] = server
    return server
  end

  -- A new answer, as a browser would post it.
  local function answer()
    local launched = assert(idp:launch(pair.SP, pair.ANN))
    return "SAMLResponse=" .. percent.encode(pair.form(launched).SAMLResponse)
  end

  -- What all say to whom the same was posted at the same time.
  local function post_to(urls, body)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(body)
    file:close()
    local pipes, said = {}, {}
    for index, url in ipairs(urls) do
      pipes[index] = assert(io.popen(("curl -s -m 30 --data-binary @%s %s/acs"):format(path, url)))
    end
    for _, pipe in ipairs(pipes) do
      local text = pipe:read "*a"
      pipe:close()
      said[text] = (said[text] or 0) + 1
    end
    os.remove(path)
    return said
  end

  local function takes_each_once(urls)
    for _ = 1, ROUNDS do
      local body = answer()
      assert.same({ accepted = 1, replayed = #urls - 1 }, post_to(urls, body))
      assert.same({ replayed = #urls }, post_to(urls, body)) -- and later
    end
  end

  it("takes an assertion once, in whichever worker", function()
    local server = start "states.dict"
    takes_each_once { server.url, server.url, server.url, server.url }
  end)

  it("takes it once on two machines that share a file", function()
    local folder = support.folder()
    local store = ("state.database(%q)"):format(folder .. "/state.db")
    takes_each_once { start(store).url, start(store).url }
    support.remove(folder)
  end)

  it("takes it once on two machines that share a server", function()
    local server = postgresql.start()
    local store = ("state.database(%q)"):format((server:fresh()))
    takes_each_once { start(store).url, start(store).url }
    for _, one in ipairs(running) do
      one:stop()
    end
    running = {}
    server:stop()
  end)

  it("has a dictionary that does what a state does", function()
    local server = start "states.dict"
    local made = {}
    for _, name in ipairs(OPERATIONS) do
      made[name] = function(_, ...)
        local order = json.encode {
          which = made.which,
          name = name,
          arguments = json.list { ... },
        }
        local headers = { ["Content-Length"] = tostring(#order) }
        local _, body = server:get("/state", { method = "POST", body = order, headers = headers })
        local answered = json.decode(body)
        return answered.value, answered.message, answered.code and { code = answered.code }
      end
    end
    made.which = "dict"
    assert.is_true(made:add("a", "1", 60))
    assert.is_false(made:add("a", "2", 60))
    assert.equal("1", made:get "a")
    assert.equal("1", made:take "a")
    assert.is_nil(made:take "a")
    assert.is_true(made:advance("n", 5, 60))
    assert.is_false(made:advance("n", 5, 60))
    assert.equal(3, made:increment("c", 3, 60))
    assert.equal(5, made:increment("c", 2, 60))
    made.which = "small" -- what is full fails, and forgets nothing
    assert.is_true(made:put("kept", "v", 60))
    local code
    for number = 1, 200 do
      local ok, _, err = made:put("k" .. number, ("x"):rep(500), 60)
      if not ok then
        code = err.code
        break
      end
    end
    assert.equal("state_full", code)
    assert.equal("v", made:get "kept")
  end)
end)
