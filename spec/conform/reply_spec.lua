-- Every shape of reply in enterprise-api §2, told apart by core.reply.
local core = require "lastpass.core"

local reads, writes, toggles = {}, {}, { disableuser = true, enableuser = true }
for _, command in ipairs(core.commands) do
  table.insert(command.writes and writes or reads, command.name)
end

local XML = '<?xml version="1.0" encoding="UTF-8"?>\n<lastpass rc="Authorization Error"/>\n'

local function class(command, text)
  local name, code, message, texts, position = core.reply(command, text)
  assert.equal("string", type(code))
  assert.equal("string", type(message))
  assert.is_true(#message > 0)
  assert.equal("table", type(texts))
  assert.is_true(position == nil or name == "protocol")
  return name, code, message, texts, position
end

local function expect(commands, text, name, code, message)
  for _, command in ipairs(commands) do
    local given, given_code, given_message = class(command, text)
    assert.equal(name, given, command .. ": " .. text)
    if code then
      assert.equal(code, given_code, command .. ": " .. text)
    end
    if message then
      assert.equal(message, given_message, command .. ": " .. text)
    end
  end
end

local all = {}
for _, command in ipairs(core.commands) do
  all[#all + 1] = command.name
end

describe("a reply of the Enterprise API", function()
  it("form 1: status OK and more keys", function()
    expect(all, '{"status":"OK"}', "success", "ok", "done")
    expect(
      all,
      ' {"status":"OK","psid":"73","x":{"status":"FAIL","error":"inner"}}\n',
      "success",
      "ok"
    )
    expect(all, '{"x":[1,{"error":"inner"}],"status":"OK"}', "success", "ok")
  end)

  it("form 2: WARN is partly done, and no answer to a read", function()
    local text = '{"status":"WARN","errors":["a@x does not exist","b@x does not exist"]}'
    expect(writes, text, "partial", "no_such_user", "a@x does not exist; b@x does not exist")
    expect(reads, text, "protocol", "incomplete_read")
    expect(writes, '{"status":"WARN"}', "partial", "refused", "done in part")
    expect(reads, '{"status":"WARN"}', "protocol", "incomplete_read")
    for _, command in ipairs(writes) do
      local _, _, _, texts = class(command, text)
      assert.same({ "a@x does not exist", "b@x does not exist" }, texts)
    end
  end)

  it("form 3: FAIL with error as string, list, object, or errors", function()
    for _, rest in ipairs {
      '"error":"No such user: a@x"',
      '"error":["No such user: a@x"]',
      '"error":{"0":"No such user: a@x"}',
      '"error":{"a":{"b":["No such user: a@x"]}}',
      '"errors":["No such user: a@x"]',
      '"errors":{"a@x":"No such user: a@x"}',
      '"errors":"No such user: a@x"',
      '"error":"","errors":["No such user: a@x"]',
    } do
      for _, text in ipairs {
        '{"status":"FAIL",' .. rest .. "}",
        "{" .. rest .. ',"status":"FAIL"}',
        '{"status":"fail","x":1,' .. rest .. "}",
      } do
        expect(all, text, "refused", "no_such_user", "No such user: a@x")
      end
    end
    expect(all, '{"status":"FAIL"}', "refused", "refused", "the server refused")
    expect(all, '{"status":"FAIL","message":"Try later"}', "refused", "refused", "Try later")
    expect(all, '{"status":"FAIL","error":null,"errors":[]}', "refused", "refused")
  end)

  it("form 3: the texts that are known have codes of their own", function()
    for text, code in pairs {
      ["No such user: a@x"] = "no_such_user",
      ["user not found: a@x"] = "no_such_user",
      ["a@x does not exist"] = "no_such_user",
      ["USER NOT FOUND: a@x"] = "no_such_user",
      ["User already disabled: a@x"] = "already_disabled",
      ["Please select a valid user."] = "invalid_user",
      ["something else"] = "refused",
      ["no such thing"] = "refused",
    } do
      expect(all, ('{"status":"FAIL","error":%q}'):format(text), "refused", code, text)
    end
  end)

  it("form 3: many texts are told in one sentence", function()
    local texts = {}
    for i = 1, 8 do
      texts[i] = '"e' .. i .. '"'
    end
    local text = '{"status":"FAIL","errors":[' .. table.concat(texts, ",") .. "]}"
    expect(all, text, "refused", "refused", "e1; e2; e3; e4; e5; and 3 more")
    local _, _, _, list = class("batchadd", text)
    assert.equal(8, #list)
    expect(all, '{"status":"FAIL","errors":["e1","e2"]}', "refused", "refused", "e1; e2")
    expect(
      all,
      '{"status":"FAIL","error":"\\u00e9\\n\\ud83d\\ude00"}',
      "refused",
      nil,
      "\195\169\n\240\159\152\128"
    )
  end)

  it("form 4: OK with an error text, when the wanted state held before", function()
    local text = '{"status":"OK","error":"User already disabled: a@x"}'
    for _, command in ipairs(writes) do
      if toggles[command] then
        expect({ command }, text, "refused", "already_disabled")
      elseif core.commands[command].data == "list of objects" then
        expect({ command }, text, "partial", "already_disabled")
      else
        local name, code, _, texts = class(command, text)
        assert.equal("success", name)
        assert.equal("already_disabled", code)
        assert.same({ "User already disabled: a@x" }, texts)
      end
    end
    expect(reads, text, "refused", "already_disabled")
    expect(all, '{"status":"OK","error":"","errors":[]}', "success", "ok")
    expect(all, '{"status":"OK","error":null,"errors":{}}', "success", "ok")
    expect(all, '{"status":"OK","error":false}', "success", "ok")
    expect(all, '{"status":"OK","error":0}', "success", "ok")
  end)

  it("form 5: OK with a message", function()
    local text = '{"status":"OK","message":"Use smaller batches"}'
    expect(all, text, "success", "ok", "Use smaller batches")
    local _, _, _, texts = class("batchadd", text)
    assert.equal("Use smaller batches", texts.message)
    assert.equal(0, #texts)
  end)

  it("forms 6 and 7: every spelling of a status", function()
    for status, name in pairs {
      OK = "success",
      ok = "success",
      Ok = "success",
      oK = "success",
      success = "success",
      Success = "success",
      SUCCESS = "success",
      WARN = "partial",
      warn = "partial",
      Warn = "partial",
      WARNING = "partial",
      warning = "partial",
      FAIL = "refused",
      fail = "refused",
      Fail = "refused",
      FAILED = "refused",
      ERROR = "refused",
      OKAY = "refused",
      O = "refused",
      [" OK"] = "refused",
      ["OK "] = "refused",
      [""] = "refused",
      ["0"] = "refused",
    } do
      expect(writes, ('{"status":"%s"}'):format(status), name)
      expect(reads, ('{"status":"%s"}'):format(status), name == "partial" and "protocol" or name)
    end
    expect(all, '{"status":"\\u004fK"}', "success")
    expect(all, '{"\\u0073tatus":"OK"}', "success")
    expect(all, '{"\\u0073tatus":"FAIL"}', "refused")
    expect(all, '{"status":"' .. ("x"):rep(100) .. '"}', "refused")
    expect(all, '{"status":"OK\\u0000"}', "refused")
    for _, command in ipairs { "disableuser", "enableuser" } do
      expect(
        { command },
        '{"status":"success","disabled_users":["a@x"],"unchanged_users":[]}',
        "success"
      )
    end
    expect(
      { "expiredmasterpwlist" },
      '{"status":"Success","continuation":{"token":""},"items":[]}',
      "success"
    )
  end)

  it("whose status is no string is not understood", function()
    local odd = { "1", "0", "true", "false", "[]", "{}", '["OK"]', '{"a":"OK"}', "[[]]" }
    for _, status in ipairs(odd) do
      expect(all, ('{"status":%s}'):format(status), "protocol", "unexpected_shape")
      expect(all, ('{"error":"x","status":%s}'):format(status), "protocol", "unexpected_shape")
    end
  end)

  it("form 8: a read has no status, a write must have one", function()
    for _, text in ipairs {
      '{"Users":{},"Groups":{}}',
      '{"12":{"sharedfoldername":"x","users":[{"username":"a","error":"inner","status":"FAIL"}]}}',
      "{}",
      '{"status":null}',
      '{"error":""}',
    } do
      expect(reads, text, "success", "ok")
      expect(writes, text, "protocol", "unexpected_shape")
    end
    expect(all, '{"error":"no"}', "refused", "refused", "no")
    expect(all, '{"errors":["no"],"Users":{}}', "refused", "refused", "no")
    expect(all, '{"error":true}', "refused", "refused", "the server refused")
    expect(all, '{"error":5}', "refused", "refused", "the server refused")
    expect(all, '{"error":-0.5e1}', "refused")
    expect(reads, '{"error":0}', "success")
    expect(reads, '{"error":0e5}', "success")
  end)

  it("form 9: wrong account number or hash, always the same bytes", function()
    assert.equal(76, #XML)
    for _, text in ipairs {
      XML,
      XML:gsub("\n", "\r\n"),
      '<lastpass rc="Authorization Error"/>',
      ' \n<lastpass  rc="authorization error" />',
      '<lastpass x="y" rc="Authorization Error"></lastpass>',
    } do
      expect(all, text, "auth", "authorization_error")
    end
    expect(all, '<lastpass rc="Something else"/>', "refused", "refused", "Something else")
    for _, text in ipairs {
      "<html><body>502 Bad Gateway</body></html>",
      "<",
      "<lastpass/>",
      "<lastpass",
      '<lastpass rc="Authorization Error',
      "<lastpass rc='Authorization Error'/>",
      '<x rc="Authorization Error"/>',
    } do
      expect(all, text, "protocol", "not_json")
    end
  end)

  it("form 10: an empty map as a list, even the whole of it", function()
    expect(reads, "[]", "success")
    expect(reads, " [ ] ", "success")
    expect(reads, '{"Users":[]}', "success")
    expect(writes, "[]", "protocol", "unexpected_shape")
    for _, text in ipairs { "[1]", '["OK"]', "[[]]", "[{}]", '[{"status":"OK"}]', "[null]" } do
      expect(all, text, "protocol", "unexpected_shape")
    end
  end)

  it("that is no reply at all is not understood", function()
    for text, code in pairs {
      [""] = "empty_reply",
      [" \r\n\t"] = "empty_reply",
      ["OK"] = "not_json",
      ["null"] = "not_json",
      ["true"] = "not_json",
      ['"OK"'] = "not_json",
      ["12"] = "not_json",
      ["\239\187\191{}"] = "not_json",
      ["\11{}"] = "not_json",
      ["\0{}"] = "not_json",
      ["{"] = "cut_short",
      ["{x}"] = "unexpected_character",
      ['{"status":"OK"} x'] = "trailing_data",
      ['{"status":"OK"}{"status":"OK"}'] = "trailing_data",
      ['{"status":"OK"}\0'] = "trailing_data",
      ['{"status":"OK","status":"FAIL"}'] = "duplicate_key",
      ['{"status":"FAIL","\\u0073tatus":"OK"}'] = "duplicate_key",
      ['{"status":"OK","x":{"a":1,"a":2}}'] = "duplicate_key",
      ['{"status":"\255"}'] = "invalid_utf8",
      ['{"status":"OK","x":"\\ud800"}'] = "lone_surrogate",
      ['{"status":"OK","x":01}'] = "bad_number",
      ['{"status":"OK","x":"a\nb"}'] = "control_character",
      ['{"status":"OK","x":' .. ("["):rep(512) .. ("]"):rep(512) .. "}"] = "too_deep",
    } do
      expect(all, text, "protocol", code)
    end
    local _, _, message, _, position = class("batchadd", '{"status":"OK" x}')
    assert.equal(15, position)
    assert.equal("the reply is not acceptable JSON: unexpected character (at byte 15)", message)
  end)

  it("that is cut at any byte is never a success", function()
    for _, text in ipairs {
      '{"status":"OK"}',
      '{"status":"OK","error":"User already disabled: a@x"}',
      '{"status":"WARN","errors":["a@x does not exist"]}',
      '{"status":"success","disabled_users":["a@x"],"unchanged_users":[]}',
      '{"status":"Success","continuation":{"token":"x","remaining_item_count":3},'
        .. '"items":[{"user_id":1}]}',
      '{"total":1,"count":1,"Users":{"1":{"username":"a@x","fullname":"\\u00e9\195\169"}},'
        .. '"Groups":[]}',
      "[]",
      XML,
    } do
      for length = 0, #text - 1 do
        local start = text:sub(1, length)
        if start .. "\n" ~= text then
          for _, command in ipairs(all) do
            local name = class(command, start)
            assert.is_true(name == "protocol" or name == "auth", command .. ": " .. start)
            assert.is_true(name ~= "auth" or text == XML)
          end
        end
      end
    end
  end)

  it("is of a command that there is", function()
    assert.has_error(function()
      core.reply("batchchange", "{}")
    end)
    assert.has_error(function()
      core.reply("batchadd\0", "{}")
    end)
    assert.has_error(function()
      core.reply("batchadd")
    end)
  end)

  it("follows no locale", function()
    -- decimal commas and Turkish letters, where the machine has them
    local before = os.setlocale()
    for _, locale in ipairs { "de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8", "C.UTF-8", "C" } do
      os.setlocale(locale)
      local partial = core.reply("batchadd", '{"status":"WARNING"}')
      local exact = core.check "[1.5,2.25e3]"
      local code = select(3, core.check "[1.5e400]")
      local snapshot = core.snapshot()
      snapshot:feed '{"Users":{"1":{"username":"a","totalscore":"83.2"}}}'
      local score = core.user_value(snapshot, 1, core.user_fields.security_score)
      os.setlocale(before)
      assert.equal("partial", partial)
      assert.is_true(exact)
      assert.equal("number_out_of_range", code)
      assert.equal(83.2, score)
    end
  end)
end)
