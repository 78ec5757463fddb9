// A client of LastPass MFA's secured API that shares nothing with ours: Node's crypto, after the public description.
// Usage: node signer.cjs URL KEY PRIVATE_KEY_FILE  with a list of calls as JSON on standard input:
//   {path, payload (any JSON) | text (as it is) | raw (not even Base64), timestamp, change: {field: value}, key_file, repeat}
// Prints a list of {status, outer, inner}; a call whose payload is {"$token": n} sends the token of answer n.
const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const [base, apiKey, keyFile] = process.argv.slice(2);

const utf16 = (text) => Buffer.from(text, "utf16le");
const keys = {};
function keyOf(file) {
  keys[file] = keys[file] || crypto.createPrivateKey(fs.readFileSync(file));
  return keys[file];
}

function post(path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
    }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(parts).toString("utf8") }));
    });
    request.on("error", reject);
    request.setTimeout(60000, () => request.destroy(new Error("no answer in 60 s")));
    request.end(body);
  });
}

// RSAES-PKCS1-v1_5 by hand, since Node no longer does it: raw RSA, then the padding.
function decryptKey(key, encrypted) {
  const block = crypto.privateDecrypt({ key, padding: crypto.constants.RSA_NO_PADDING }, encrypted);
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== 2 || end < 10) throw new Error("bad PKCS #1 padding");
  return block.subarray(end + 1);
}

function open(value, key) {
  const pair = JSON.parse(decryptKey(key, Buffer.from(value.EncKey, "base64")).toString("utf16le"));
  const aes = Buffer.from(pair.K, "base64");
  const decipher = crypto.createDecipheriv(`aes-${aes.length * 8}-cbc`, aes, Buffer.from(pair.V, "base64"));
  const plain = Buffer.concat([decipher.update(Buffer.from(value.Payload, "base64")), decipher.final()]);
  return { inner: JSON.parse(plain.toString("utf16le")), bits: aes.length * 8 };
}

async function main() {
  const calls = JSON.parse(fs.readFileSync(0, "utf8"));
  const results = [];
  let last;
  for (const call of calls) {
    const key = keyOf(call.key_file || keyFile);
    let body = last;
    if (!call.repeat) {
      let payload = call.payload;
      if (payload && payload.$token !== undefined) payload = results[payload.$token].inner.Value.AsyncLoginToken;
      let text = call.text !== undefined ? call.text : JSON.stringify(payload);
      const wire = call.raw !== undefined ? call.raw : Buffer.from(text, "utf8").toString("base64");
      const signer = crypto.createSign("RSA-SHA256");
      signer.update(utf16(call.timestamp + wire));
      const fields = { Key: apiKey, Timestamp: call.timestamp, Payload: wire, Signature: signer.sign(key, "base64") };
      for (const [name, value] of Object.entries(call.change || {})) {
        if (value === null) delete fields[name];
        else fields[name] = value;
      }
      body = JSON.stringify(fields);
    }
    last = body;
    const answer = await post(call.path, body);
    const result = { status: answer.status };
    try {
      result.outer = answer.text === "" ? undefined : JSON.parse(answer.text);
      if (result.outer && result.outer.Value && result.outer.Value.EncKey) Object.assign(result, open(result.outer.Value, key));
    } catch (error) {
      result.error = String(error.message);
    }
    results.push(result);
  }
  process.stdout.write(JSON.stringify(results));
}

main().catch((error) => {
  process.stdout.write(JSON.stringify({ error: String(error && error.stack) }));
  process.exit(1);
});
