// node envelope_peer.cjs keys|talk FOLDER: the secured form of LastPass MFA (mfa §2.2) by Node's crypto alone, from both sides.
// `keys` makes private.pem and public.pem; `talk` reads requests.jsonl and writes checked.jsonl and answers.jsonl.
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const [command, folder] = process.argv.slice(2);
const at = (name) => path.join(folder, name);

if (command === 'keys') {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  fs.writeFileSync(at('private.pem'), privateKey, { mode: 0o600 });
  fs.writeFileSync(at('public.pem'), publicKey);
  process.exit(0);
}

const publicKey = fs.readFileSync(at('public.pem'), 'utf8');
const lines = fs.readFileSync(at('requests.jsonl'), 'utf8').trim().split('\n');

const checked = lines.map((line) => {
  const request = JSON.parse(line);
  const octets = Buffer.from(request.Timestamp + request.Payload, 'utf16le');
  return JSON.stringify({
    signed: crypto.verify('sha256', octets, publicKey, Buffer.from(request.Signature, 'base64')),
    key: request.Key,
    timestamp: request.Timestamp,
    moment: Date.parse(request.Timestamp.replace(' ', 'T')) / 1000,
    inner: JSON.parse(Buffer.from(request.Payload, 'base64').toString('utf8')),
  });
});
fs.writeFileSync(at('checked.jsonl'), checked.join('\n') + '\n');

function seal(text, bytes) {
  const key = crypto.randomBytes(bytes);
  const iv = crypto.randomBytes(16);
  const pair = JSON.stringify({ K: key.toString('base64'), V: iv.toString('base64') });
  const aes = crypto.createCipheriv(`aes-${bytes * 8}-cbc`, key, iv);
  return {
    EncKey: crypto
      .publicEncrypt(
        { key: publicKey, padding: crypto.constants.RSA_PKCS1_PADDING },
        Buffer.from(pair, 'utf16le'),
      )
      .toString('base64'),
    Payload: Buffer.concat([aes.update(Buffer.from(text, 'utf16le')), aes.final()]).toString('base64'),
  };
}

const texts = ['{}', '{"Succeeded":true,"Message":"Zürich – 東京 😀","Value":null}'];
for (let length = 0; length < 40; length++) texts.push(JSON.stringify({ Message: 'é'.repeat(length) }));
texts.push(JSON.stringify({ Message: '\u0000\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}'.repeat(2000) }));
const answers = texts.map((text, index) =>
  JSON.stringify({ text, sealed: seal(text, [16, 24, 32][index % 3]) }),
);
fs.writeFileSync(at('answers.jsonl'), answers.join('\n') + '\n');
