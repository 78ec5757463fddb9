local secrets = require "lastpass.cli.repl.secrets"

describe("repl.secrets", function()
  it("sees what is not to be kept", function()
    for _, line in ipairs {
      'lastpass.secret.value "x"',
      "lastpass.secret.value('x')",
      'local s = secret . value "x"',
      'lastpass.secret["value"]("x")',
      'h = "' .. ("5a9db0c5"):rep(8) .. '"',
      "-- " .. ("0123456789abcdef"):rep(2),
      'client:batchadd{ { username = "a@b.c", password = "hunter2" } }',
      "x = { password='hunter2' }",
      'x = { ["password"] = "hunter2" }',
      '{"password": "hunter2"}',
      "password = [[hunter2]]",
      'Password = "hunter2"',
      'provhash = "abc"',
      'token = "abc"',
      'key = "lpkey_abc"',
    } do
      assert.is_true(secrets.has_secret(line), line)
    end
  end)

  it("lets everything else pass", function()
    for _, line in ipairs {
      "users{ disabled = true }",
      'lastpass.secret.file "~/.config/lastpass/acme.hash"',
      'lastpass.secret.prompt "Password: "',
      "client:user('ann@acme.com'):reset_password()",
      "for user in users do if user.password_reset_required then print(user) end end",
      "client:resetpassword{ username = 'ann@acme.com' }",
      "password = ask()",
      "x = 0xdeadbeef",
      "",
    } do
      assert.is_false(secrets.has_secret(line), line)
    end
  end)

  it("knows names of secret fields", function()
    assert.is_true(secrets.is_name "password")
    assert.is_true(secrets.is_name "ProvHash")
    assert.is_false(secrets.is_name "password_strength")
    assert.is_false(secrets.is_name(1))
  end)
end)
